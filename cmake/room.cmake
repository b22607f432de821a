# room(NAME [USES room...] [LIBS library...] [PURE] [PROGRAM name])
#
# A room is a folder of src/ and one static library; a file is one idea. USES are the arrows of the
# house, LIBS the outside libraries this room alone may name. PURE rooms know no clock, socket,
# file or thread: a test reads their undefined symbols. A room without sources yet is no target.

set(CMAKE_C_STANDARD 11)
set(CMAKE_C_EXTENSIONS ON)
set(CMAKE_CXX_STANDARD 17)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

option(OUTDIAL_WERROR "warnings are errors (our own checks, never a user's machine)" OFF)

find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
foreach(module jansson expat sndfile samplerate sqlite3 libmicrohttpd libcurl libsodium openssl libjwt opus zlib cmocka)
    pkg_check_modules(${module} QUIET IMPORTED_TARGET ${module})
endforeach()

add_library(outdial_warnings INTERFACE)
target_compile_options(outdial_warnings INTERFACE
    -Wall -Wextra -Wshadow -Wformat=2 -Wvla -Wundef -Wno-unused-parameter
    $<$<COMPILE_LANGUAGE:C>:-Wconversion -Wswitch-enum -Wmissing-prototypes -Wstrict-prototypes>
    $<$<BOOL:${OUTDIAL_WERROR}>:-Werror>)
target_compile_definitions(outdial_warnings INTERFACE
    _GNU_SOURCE OUTDIAL_VERSION="${PROJECT_VERSION}")

# name -> what to link. libre's headers need the defines its own build used (struct sa changes size
# without HAVE_INET6); Debian's pkg-config file does not give them.
function(room_library target library)
    if(library STREQUAL "re")
        target_link_libraries(${target} PUBLIC re)
        target_compile_definitions(${target} PRIVATE
            HAVE_INTTYPES_H HAVE_STDBOOL_H HAVE_INET6 USE_OPENSSL USE_TLS)
    elseif(library STREQUAL "csv")
        target_link_libraries(${target} PUBLIC csv)
    elseif(library STREQUAL "wslay")
        target_link_libraries(${target} PUBLIC wslay)
    elseif(library STREQUAL "phonenumber")
        target_link_libraries(${target} PUBLIC phonenumber)
    elseif(library STREQUAL "microhttpd")
        target_link_libraries(${target} PUBLIC PkgConfig::libmicrohttpd)
    elseif(library STREQUAL "curl")
        target_link_libraries(${target} PUBLIC PkgConfig::libcurl)
    elseif(library STREQUAL "sodium")
        target_link_libraries(${target} PUBLIC PkgConfig::libsodium)
    elseif(library STREQUAL "jwt")
        target_link_libraries(${target} PUBLIC PkgConfig::libjwt)
    else()
        target_link_libraries(${target} PUBLIC PkgConfig::${library})
    endif()
endfunction()

set_property(GLOBAL PROPERTY OUTDIAL_ROOMS "")
set_property(GLOBAL PROPERTY OUTDIAL_PURE "")

function(room name)
    cmake_parse_arguments(ROOM "PURE" "PROGRAM" "USES;LIBS" ${ARGN})
    set(folder ${CMAKE_SOURCE_DIR}/src/${name})
    file(GLOB sources CONFIGURE_DEPENDS ${folder}/*.c ${folder}/*.cc)
    string(REPLACE "/" "_" target "room_${name}")
    list(JOIN ROOM_USES "," uses)
    set_property(GLOBAL APPEND PROPERTY OUTDIAL_ROOMS "${name}=${uses}")
    if(NOT sources)
        return()
    endif()
    if(ROOM_PROGRAM)
        add_executable(${ROOM_PROGRAM} ${sources})
        set(target ${ROOM_PROGRAM})
        set_target_properties(${target} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}
            ENABLE_EXPORTS ON)
    else()
        add_library(${target} STATIC ${sources})
    endif()
    target_include_directories(${target} PUBLIC ${CMAKE_SOURCE_DIR}/src)
    target_link_libraries(${target} PRIVATE outdial_warnings PUBLIC Threads::Threads m)
    foreach(used ${ROOM_USES})
        string(REPLACE "/" "_" used_target "room_${used}")
        if(TARGET ${used_target})
            target_link_libraries(${target} PUBLIC ${used_target})
        endif()
    endforeach()
    foreach(library ${ROOM_LIBS})
        room_library(${target} ${library})
    endforeach()
    if(ROOM_PURE)
        set_property(GLOBAL APPEND PROPERTY OUTDIAL_PURE ${target})
    endif()
endfunction()

# embed(NAME FILE SYMBOL): the bytes of FILE become `const char SYMBOL[]` (a zero byte follows) and
# `const size_t SYMBOL_size` inside room NAME.
function(embed name file symbol)
    string(REPLACE "/" "_" target "room_${name}")
    set(path ${CMAKE_SOURCE_DIR}/${file})
    set(out ${CMAKE_BINARY_DIR}/embed/${symbol}.S)
    file(CONFIGURE OUTPUT ${out} @ONLY CONTENT [[
    .section .rodata
    .global @symbol@
    .balign 16
@symbol@:
    .incbin "@path@"
1:  .byte 0
    .global @symbol@_size
    .balign 8
@symbol@_size:
    .quad 1b - @symbol@
    .section .note.GNU-stack,"",%progbits
]])
    target_sources(${target} PRIVATE ${out})
    set_source_files_properties(${out} PROPERTIES OBJECT_DEPENDS ${path}
        TARGET_DIRECTORY ${target})
endfunction()
