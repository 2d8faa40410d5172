# The public headers, those that spiketape.h includes, as users get them. In the sources an include is spelled from the root
# ("core/tensor.h"), and the layers see to what each may name. A user's project may have a core/tensor.h or a data/dataset.h of its own on
# its include path; so here each include is spelled from the file's own folder.

set(SPK_HEADERS ${CMAKE_CURRENT_BINARY_DIR}/include)

function(spk_write_if_changed file text)
    if(EXISTS ${file})
        file(READ ${file} old)
        if(old STREQUAL text)
            return()
        endif()
    endif()
    file(WRITE ${file} "${text}")
endfunction()

function(spk_public_headers)
    file(STRINGS spiketape.h headers REGEX "^#include \"")
    list(TRANSFORM headers REPLACE "#include \"(.*)\"" "\\1")
    foreach(header spiketape.h ${headers})
        set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${header})
        file(READ ${header} text)
        if(header MATCHES "/")
            string(REPLACE "#include \"" "#include \"../" text "${text}")
        endif()
        spk_write_if_changed(${SPK_HEADERS}/${header} "${text}")
    endforeach()
endfunction()
