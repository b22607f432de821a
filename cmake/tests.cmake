# Every tests/unit/<room>/test_<file>.c is a program of its own, linked with that room and labelled
# `unit`. Slower kinds (sip, crash, sdk, browser, page: with the tests' own server) are scripts under tests/e2e and tests/contract.
enable_testing()

function(unit_tests name)
    string(REPLACE "/" "_" room "room_${name}")
    if(NOT TARGET ${room})
        return()
    endif()
    file(GLOB tests CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/unit/${name}/test_*.c)
    # What several tests of a room share stands beside them.
    file(GLOB helpers CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/unit/${name}/*.c)
    list(FILTER helpers EXCLUDE REGEX "/test_[^/]*$")
    foreach(source ${tests})
        get_filename_component(test ${source} NAME_WE)
        string(REPLACE "/" "_" program "unit_${name}_${test}")
        add_executable(${program} ${source} ${helpers})
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
set(room_libraries)
foreach(entry ${rooms})
    string(REGEX REPLACE "=.*" "" name "${entry}")
    string(REPLACE "/" "_" target "room_${name}")
    if(TARGET ${target})
        list(APPEND room_libraries $<TARGET_FILE:${target}>)
    endif()
endforeach()
add_test(NAME house.names COMMAND ${CMAKE_SOURCE_DIR}/tests/house/names.sh ${room_libraries})
set_tests_properties(house.arrows house.purity house.format house.names
                     PROPERTIES LABELS house SKIP_RETURN_CODE 77)

# Every fuzz/fuzz_<parser>.c is a libFuzzer target in the `fuzz` preset. Everywhere else it is linked
# with a small driver that feeds it the files of fuzz/corpus/<parser>, as a unit test. Those of the dialer stand
# on a desk: doubles of the loop, the store thread and HTTP.
option(OUTDIAL_FUZZ "build the fuzz targets with libFuzzer (clang)" OFF)
set(room_targets)
foreach(entry ${rooms})
    string(REGEX REPLACE "=.*" "" name "${entry}")
    string(REPLACE "/" "_" target "room_${name}")
    if(TARGET ${target})
        list(PREPEND room_targets ${target})
    endif()
endforeach()
file(GLOB fuzz_sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/fuzz/fuzz_*.c)
foreach(source ${fuzz_sources})
    get_filename_component(program ${source} NAME_WE)
    string(REPLACE "fuzz_" "" parser ${program})
    add_executable(${program} ${source})
    if(parser MATCHES "^(api|webhooks|store)$")
        target_sources(${program} PRIVATE ${CMAKE_SOURCE_DIR}/fuzz/desk.c
            ${CMAKE_SOURCE_DIR}/fuzz/desk_script.c)
        target_link_options(${program} PRIVATE -Wl,-z,muldefs) # the double, where there is one
    endif()
    target_link_libraries(${program} PRIVATE ${room_targets} outdial_warnings)
    set_target_properties(${program} PROPERTIES
        RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests ENABLE_EXPORTS ON)
    if(OUTDIAL_FUZZ)
        target_link_options(${program} PRIVATE -fsanitize=fuzzer)
    else()
        target_sources(${program} PRIVATE ${CMAKE_SOURCE_DIR}/fuzz/driver.c)
        add_test(NAME fuzz.${parser} COMMAND ${program} ${CMAKE_SOURCE_DIR}/fuzz/corpus/${parser})
        set_tests_properties(fuzz.${parser} PROPERTIES LABELS unit TIMEOUT 60)
    endif()
endforeach()

# The same inputs with one allocation after the other failing: what neither goes on nor gives up in order is found.
set(failing api campaign_settings charset control csv description form list phones_script settings sip
    twiml url voice_rest web_description webhooks zone_file)
if(OUTDIAL_FUZZ OR OUTDIAL_TSAN)
    set(failing)
endif()
foreach(parser ${failing})
    set(program failing_${parser})
    add_executable(${program} ${CMAKE_SOURCE_DIR}/fuzz/fuzz_${parser}.c ${CMAKE_SOURCE_DIR}/fuzz/failing.c)
    if(parser MATCHES "^(api|webhooks)$")
        target_sources(${program} PRIVATE ${CMAKE_SOURCE_DIR}/fuzz/desk.c
            ${CMAKE_SOURCE_DIR}/fuzz/desk_script.c)
        target_link_options(${program} PRIVATE -Wl,-z,muldefs)
    endif()
    target_link_libraries(${program} PRIVATE ${room_targets} outdial_warnings)
    target_link_options(${program} PRIVATE -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc)
    set_target_properties(${program} PROPERTIES
        RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests ENABLE_EXPORTS ON)
    add_test(NAME failing.${parser} COMMAND ${program} ${CMAKE_SOURCE_DIR}/fuzz/corpus/${parser} 30)
    add_test(NAME failing.${parser}.long COMMAND ${program} ${CMAKE_SOURCE_DIR}/fuzz/corpus/${parser} 20000)
    set_tests_properties(failing.${parser} PROPERTIES LABELS unit TIMEOUT 120)
    set_tests_properties(failing.${parser}.long PROPERTIES LABELS "unit;long" TIMEOUT 3600)
endforeach()

# Every bench/bench_<thing>.c asks one question; `./dev bench` runs them all.
# bench/http_peer.c is the other end of a script.
file(GLOB bench_sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/bench/bench_*.c
     ${CMAKE_SOURCE_DIR}/bench/http_peer.c ${CMAKE_SOURCE_DIR}/bench/peer_rooms.c)
foreach(source ${bench_sources})
    get_filename_component(program ${source} NAME_WE)
    add_executable(${program} ${source})
    target_link_libraries(${program} PRIVATE ${room_targets} outdial_warnings)
    set_target_properties(${program} PROPERTIES
        RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bench ENABLE_EXPORTS ON)
endforeach()

# script_test(LABEL NAME FILE [LONG]): a node:test script under tests/, as a user would drive the
# program. It finds the binary in the environment variable OUTDIAL. LONG ones run with `./dev test
# --long` only and may take hours; the others have 40 minutes and may look at OUTDIAL_LONG, which is 1
# then. MAY_SKIP ones end with 77 where the machine does not allow what they need.
find_program(NODE_PROGRAM node)
function(script_test label name file)
    if(NOT NODE_PROGRAM)
        message(STATUS "node not found: ${name} cannot run")
        return()
    endif()
    set(runner --test) # which turns every code into 0 or 1
    if("MAY_SKIP" IN_LIST ARGN)
        set(runner)
    endif()
    add_test(NAME ${label}.${name}
             COMMAND ${NODE_PROGRAM} ${runner} ${CMAKE_SOURCE_DIR}/tests/${file})
    set(labels ${label})
    set(seconds 2400)
    if("LONG" IN_LIST ARGN)
        list(APPEND labels long)
        set(seconds 14400)
    endif()
    if("MAY_SKIP" IN_LIST ARGN)
        set_tests_properties(${label}.${name} PROPERTIES SKIP_RETURN_CODE 77)
    endif()
    set_tests_properties(${label}.${name} PROPERTIES LABELS "${labels}" TIMEOUT ${seconds} RUN_SERIAL ON
        WORKING_DIRECTORY ${CMAKE_SOURCE_DIR}
        ENVIRONMENT "OUTDIAL=${CMAKE_BINARY_DIR}/outdial")
endfunction()

script_test(sip calls e2e/sip/calls.test.mjs)
script_test(sip phones e2e/sip/phones.test.mjs)
script_test(sip flood e2e/sip/flood.test.mjs)
script_test(sip misuse e2e/sip/misuse.test.mjs)
script_test(sip fetch e2e/sip/fetch.test.mjs)
script_test(campaign serve e2e/api/serve.test.mjs)
script_test(campaign list_to_hello e2e/campaign/campaign.test.mjs)
script_test(crash kill_9 e2e/crash/crash.test.mjs)
script_test(crash engine e2e/crash/engine.test.mjs)
script_test(hard strangers e2e/overload/strangers.test.mjs)
script_test(hard hanging_webhooks e2e/overload/webhooks.test.mjs)
script_test(hard admission e2e/overload/admission.test.mjs)
script_test(hard crowds e2e/overload/http.test.mjs)
script_test(hard no_room e2e/overload/dialer.test.mjs)
script_test(sip simulated_network e2e/phones/phones.test.mjs)
script_test(sip rooms e2e/phones/rooms.test.mjs)
script_test(sdk facts contract/facts.test.mjs)
script_test(sdk calls contract/calls.test.mjs)
script_test(sdk conferences contract/conferences.test.mjs)
script_test(sdk errors contract/errors.test.mjs)
script_test(sdk webhooks contract/webhooks.test.mjs)
script_test(sdk push contract/push.test.mjs)
script_test(browser voice_sdk contract/voice-sdk.test.mjs)
script_test(browser nginx e2e/seat/nginx.test.mjs)
script_test(browser seat e2e/seat/seat.test.mjs)
script_test(browser turn e2e/seat/turn.test.mjs)
script_test(campaign misuse e2e/misuse/misuse.test.mjs)
script_test(hard disk e2e/hard/disk.test.mjs MAY_SKIP)
script_test(hard days e2e/hard/days.test.mjs)
script_test(campaign modes e2e/modes/modes.test.mjs)
script_test(hard long_list e2e/lists/import.test.mjs)
script_test(campaign turns e2e/modes/turns.test.mjs)
script_test(campaign desk_calls e2e/desk/calls.test.mjs)
script_test(campaign session e2e/desk/session.test.mjs)
script_test(browser pages e2e/desk/pages.test.mjs)
script_test(browser demo e2e/desk/demo.test.mjs)

# In the `tsan` preset the label `tsan` is what has threads: units of the rings, the media thread, the store
# thread and the workers, and a campaign with every thread at work. `tsan_tests` builds just that.
option(OUTDIAL_TSAN "name the tests that are run with the thread sanitizer" OFF)
if(OUTDIAL_TSAN)
    set(threaded unit.base.test_ring unit.net.test_http unit.net.test_child unit.voice.media.test_media
        unit.voice.web.test_peer
        unit.voice.test_prompt unit.phones.test_voices unit.server.test_dialing unit.server.test_importer
        unit.server.test_exporter unit.server.test_api)
    add_custom_target(tsan_tests DEPENDS outdial)
    foreach(test ${threaded})
        string(REPLACE "." "_" program ${test})
        if(TARGET ${program})
            add_dependencies(tsan_tests ${program})
            set_tests_properties(${test} PROPERTIES LABELS tsan TIMEOUT 300)
        endif()
    endforeach()
    script_test(tsan load e2e/races/load.test.mjs)
endif()

# The dialer's core under seeded weather: fixed seeds, and one that is new every time (and printed).
if(TARGET room_sim)
    add_executable(sim_weather ${CMAKE_SOURCE_DIR}/tests/sim/sim_weather.c)
    target_link_libraries(sim_weather PRIVATE room_sim outdial_warnings)
    set_target_properties(sim_weather PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
    # Ten million events by fixed seeds, and some that are new every time.
    foreach(part 1 2 3 4)
        add_test(NAME sim.fixed_${part}
                 COMMAND sim_weather --seed ${part}000000 --total 2500000 --events 8000)
    endforeach()
    add_test(NAME sim.new COMMAND sim_weather --seeds 10 --random --events 20000)
    # Seeds that broke something once; the weather has become richer since, so what they broke is pinned by tests of
    # the core, too. ...472: an engine that had been silent for minutes answered all it had been asked in one
    # moment, and each answer after the first cut the message short. 1000455: a lead dialled by hand was handed out
    # by a claim as well. ...068: what a late timer held up is made up for, and that is no more than the rate.
    # ...007, ...638: a call back that an agent put off was still said to be held by a rule. ...849, ...925: an account
    # on its way brought back a call that had been none. ...942: a customer sent through three rooms was looked for
    # in the last. ...1367: who heard the message before a death counted as one who hung up. ...2309: a room that
    # nobody had looked into got a new guest. ...3424: a call taken back left a gap in what is counted. ...2462: a
    # word of do-not-call was forgotten when memory was full. ...0129: an old line of one who had logged out stood.
    # ...3901: a hand-over that had not been written ended in a hang-up. ...1375, ...4257: a redirect of before a
    # death brought a customer back. ...0142, ...0184: who was cut off from the agent and never answered for was hung up
    # on. ...1309: a third person was given up while in the line. ...0592: a line that was told to go while it rang, and
    # did not hear it, stood. ...0383: an agent was given a call and lost it again in one event.
    # ...2438: who was told to wait and left a room of before a death counted as one who had talked.
    # ...4742: one who was ordered out of a room and back was heard to leave, and taken for gone.
    foreach(seed 20000000472 1000455 50000000068 50000000469 110000000007 130000003638 210000000849 150000000925
            140000002942 120000001367 210000002309 220000003424 220000002462 240000000129 250000003901 280000001375
            290000004257 340000000142 5010000001309 5020000000592 5030000000383 5070000000184 5810000002438 5820000004742)
        add_test(NAME sim.once_broken_${seed}
                 COMMAND sim_weather --seeds 1 --seed ${seed} --events 8000)
        set_tests_properties(sim.once_broken_${seed} PROPERTIES LABELS sim TIMEOUT 300)
    endforeach()
    # A short life, once for each moment at which something can die in it.
    add_test(NAME sim.crash_points_1 COMMAND sim_weather --crash-points --seed 1 --seeds 3
             --events 300)
    add_test(NAME sim.crash_points_2 COMMAND sim_weather --crash-points --seed 4 --seeds 3
             --events 300)
    set_tests_properties(sim.fixed_1 sim.fixed_2 sim.fixed_3 sim.fixed_4 sim.new
                         sim.crash_points_1 sim.crash_points_2 PROPERTIES LABELS sim TIMEOUT 900)
    # A billion events and tens of thousands of deaths take the release build: ./dev test --long.
    foreach(part 1 2)
        add_test(NAME sim.billion_${part} COMMAND ${CMAKE_SOURCE_DIR}/tools/run-sim
                 --seed ${part}0000000000 --total 500000000 --events 8000)
        add_test(NAME sim.crash_points_long_${part} COMMAND ${CMAKE_SOURCE_DIR}/tools/run-sim
                 --crash-points --seed ${part}0000 --seeds 25 --events 400)
        set_tests_properties(sim.billion_${part} sim.crash_points_long_${part}
                             PROPERTIES LABELS "sim;long" TIMEOUT 10800)
    endforeach()
endif()

# The browser's pages: their mind by itself (milliseconds, no browser), and their types.
if(NODE_PROGRAM)
    add_test(NAME app.core COMMAND ${NODE_PROGRAM} --test ${CMAKE_SOURCE_DIR}/tests/app/core)
    set_tests_properties(app.core PROPERTIES LABELS "unit;app" TIMEOUT 60)
endif()
script_test(app types app/types.test.mjs)
script_test(page desk app/desk.test.mjs)
script_test(page phone app/phone.test.mjs)
script_test(page screenshots app/screenshots.test.mjs)
if(NODE_PROGRAM)
    set_tests_properties(page.desk page.phone page.screenshots PROPERTIES RUN_SERIAL OFF)
endif()
