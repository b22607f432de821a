# Every tests/unit/<room>/test_<file>.c is a program of its own, linked with that room and labelled
# `unit`. Slower kinds (sip, crash, sdk) are scripts under tests/e2e and tests/contract.
enable_testing()

function(unit_tests name)
    string(REPLACE "/" "_" room "room_${name}")
    if(NOT TARGET ${room})
        return()
    endif()
    file(GLOB tests CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/unit/${name}/test_*.c)
    foreach(source ${tests})
        get_filename_component(test ${source} NAME_WE)
        string(REPLACE "/" "_" program "unit_${name}_${test}")
        add_executable(${program} ${source})
        target_include_directories(${program} PRIVATE ${CMAKE_SOURCE_DIR}/tests)
        target_link_libraries(${program} PRIVATE ${room} outdial_warnings PkgConfig::cmocka)
        target_compile_definitions(${program} PRIVATE OUTDIAL_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
        set_target_properties(${program} PROPERTIES
            RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
        string(REPLACE "/" "." label "unit.${name}.${test}")
        add_test(NAME ${label} COMMAND ${program})
        set_tests_properties(${label} PROPERTIES LABELS unit TIMEOUT 60)
    endforeach()
endfunction()

if(PkgConfig_FOUND AND TARGET PkgConfig::cmocka)
    get_property(rooms GLOBAL PROPERTY OUTDIAL_ROOMS)
    foreach(entry ${rooms})
        string(REGEX REPLACE "=.*" "" name "${entry}")
        if(NOT name STREQUAL "main")
            unit_tests(${name})
        endif()
    endforeach()
else()
    message(STATUS "cmocka not found: unit tests are not built")
endif()

# The house itself: arrows, purity, formatting.
get_property(rooms GLOBAL PROPERTY OUTDIAL_ROOMS)
list(JOIN rooms "\n" room_lines)
file(WRITE ${CMAKE_BINARY_DIR}/rooms.txt "${room_lines}\n")
get_property(pure GLOBAL PROPERTY OUTDIAL_PURE)
set(pure_libraries)
foreach(target ${pure})
    list(APPEND pure_libraries $<TARGET_FILE:${target}>)
endforeach()
add_test(NAME house.arrows COMMAND ${CMAKE_SOURCE_DIR}/tests/house/arrows.sh
         ${CMAKE_BINARY_DIR}/rooms.txt ${CMAKE_SOURCE_DIR})
add_test(NAME house.purity COMMAND ${CMAKE_SOURCE_DIR}/tests/house/purity.sh
         ${CMAKE_SOURCE_DIR}/tests/house/pure-names.txt ${pure_libraries})
add_test(NAME house.format COMMAND ${CMAKE_SOURCE_DIR}/tests/house/format.sh ${CMAKE_SOURCE_DIR})
set_tests_properties(house.arrows house.purity house.format
                     PROPERTIES LABELS house SKIP_RETURN_CODE 77)
