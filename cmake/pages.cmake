# embed_pages(ROOM): the agent's page into a room: app/ as it lies and the npm files it names, unchanged, as the table
# page_files[] (src/desk/page_files.h). A file that is added, changed or taken away builds the room anew.
set(PAGE_PACKAGES
    preact/dist/preact.mjs
    htm/dist/htm.module.js
    @twilio/voice-sdk/dist/twilio.min.js
    pusher-js/dist/web/pusher.min.js
    @fontsource-variable/inter/files/inter-latin-wght-normal.woff2)
set(PAGE_LICENCES preact/LICENSE htm/LICENSE @twilio/voice-sdk/LICENSE.md pusher-js/LICENCE
    @fontsource-variable/inter/LICENSE)

function(embed_pages room)
    set(modules ${CMAKE_SOURCE_DIR}/node_modules)
    foreach(file ${PAGE_PACKAGES} ${PAGE_LICENCES})
        if(NOT EXISTS ${modules}/${file})
            message(FATAL_ERROR "the agent's page needs the npm package file '${file}': "
                    "`./dev build` fetches it (by hand: npm ci)")
        endif()
    endforeach()

    set(licences "")
    foreach(file ${PAGE_LICENCES})
        file(READ ${modules}/${file} text)
        string(APPEND licences "==== ${file} ====\n\n${text}\n\n")
        set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${modules}/${file})
    endforeach()
    file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/embed/licences.txt @ONLY CONTENT "@licences@")

    file(GLOB_RECURSE files CONFIGURE_DEPENDS RELATIVE ${CMAKE_SOURCE_DIR}/app
         ${CMAKE_SOURCE_DIR}/app/*.js ${CMAKE_SOURCE_DIR}/app/*.css ${CMAKE_SOURCE_DIR}/app/*.svg
         ${CMAKE_SOURCE_DIR}/app/*.wav ${CMAKE_SOURCE_DIR}/app/index.html)
    set(pairs "")
    foreach(file ${files})
        list(APPEND pairs "/assets/app/${file}=${CMAKE_SOURCE_DIR}/app/${file}")
    endforeach()
    foreach(file ${PAGE_PACKAGES})
        list(APPEND pairs "/assets/npm/${file}=${modules}/${file}")
    endforeach()
    list(APPEND pairs "/assets/licences.txt=${CMAKE_BINARY_DIR}/embed/licences.txt")

    set(bytes "    .section .rodata\n")
    set(known "")
    set(rows "")
    set(paths "")
    set(count 0)
    foreach(pair ${pairs})
        string(REGEX MATCH "^([^=]*)=(.*)$" whole "${pair}")
        string(APPEND bytes "    .global page_${count}\n    .balign 16\npage_${count}:\n"
               "    .incbin \"${CMAKE_MATCH_2}\"\n    .global page_${count}_end\npage_${count}_end:\n    .byte 0\n")
        string(APPEND known "extern const char page_${count}[], page_${count}_end[];\n")
        string(APPEND rows "    {\"${CMAKE_MATCH_1}\", page_${count}, page_${count}_end},\n")
        list(APPEND paths ${CMAKE_MATCH_2})
        math(EXPR count "${count} + 1")
    endforeach()
    string(APPEND bytes "    .section .note.GNU-stack,\"\",%progbits\n")
    file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/embed/pages.S @ONLY CONTENT "@bytes@")
    file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/embed/pages.c @ONLY CONTENT
"#include \"desk/page_files.h\"\n\n@known@\nconst struct page_file page_files[] = {\n@rows@};\nconst size_t page_file_count = @count@;\n")
    target_sources(room_${room} PRIVATE ${CMAKE_BINARY_DIR}/embed/pages.S ${CMAKE_BINARY_DIR}/embed/pages.c)
    set_source_files_properties(${CMAKE_BINARY_DIR}/embed/pages.S PROPERTIES OBJECT_DEPENDS "${paths}"
        TARGET_DIRECTORY room_${room})
endfunction()
