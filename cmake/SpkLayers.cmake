# Layers, and the libraries made of them. Everything is built twice: with float, and with double (the same name with 64).

set(SPK_C_FLAGS -Wall -Wextra -Wshadow -Wconversion -ffp-contract=off -fno-math-errno -fno-trapping-math)
if(SPK_WERROR)
    list(APPEND SPK_C_FLAGS -Werror)
endif()
set(SPK_OPTIMISE $<$<CONFIG:Release>:-O3>)
set(SPK_LAYER_VIEWS ${CMAKE_CURRENT_BINARY_DIR}/layers)

# A folder that holds only this layer, as a link: on the include path of a layer and of those above it, so that an include that points
# up finds no file.
function(spk_layer_view layer)
    file(MAKE_DIRECTORY ${SPK_LAYER_VIEWS}/${layer})
    file(CREATE_LINK ${CMAKE_CURRENT_SOURCE_DIR}/${layer} ${SPK_LAYER_VIEWS}/${layer}/${layer} SYMBOLIC)
endfunction()

function(spk_layer layer)
    cmake_parse_arguments(arg "" "" "BELOW;SOURCES;LINK" ${ARGN})
    spk_layer_view(${layer})
    list(TRANSFORM arg_SOURCES PREPEND ${layer}/)
    foreach(bits "" 64)
        set(target spk_${layer}${bits})
        add_library(${target} OBJECT ${arg_SOURCES})
        foreach(view ${layer} ${arg_BELOW})
            target_include_directories(${target} PRIVATE ${SPK_LAYER_VIEWS}/${view})
        endforeach()
        target_link_libraries(${target} PRIVATE spk_blas spk_threads ${arg_LINK})
        target_compile_options(${target} PRIVATE ${SPK_C_FLAGS} ${SPK_OPTIMISE})
        target_compile_definitions(${target} PRIVATE $<$<STREQUAL:${bits},64>:SPK_REAL_DOUBLE> $<$<NOT:$<BOOL:${SPK_CLONES}>>:SPK_NO_CLONES>
                                                     $<$<CONFIG:Debug>:SPK_DEBUG_CHECKS>)
        set_target_properties(${target} PROPERTIES C_STANDARD 17 C_EXTENSIONS ON C_VISIBILITY_PRESET hidden
                              POSITION_INDEPENDENT_CODE ON)
    endforeach()
endfunction()

# spiketape (shared), spiketape_static, and the same with 64, from the objects of the layers.
function(spk_libraries)
    include(GNUInstallDirs)
    foreach(bits "" 64)
        set(objects ${ARGN})
        list(TRANSFORM objects REPLACE "(.+)" "$<TARGET_OBJECTS:spk_\\1${bits}>")
        add_library(spiketape${bits} SHARED ${objects})
        add_library(spiketape${bits}_static STATIC ${objects})
        set_target_properties(spiketape${bits} PROPERTIES VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR})
        set_target_properties(spiketape${bits}_static PROPERTIES OUTPUT_NAME spiketape${bits})
        foreach(target spiketape${bits} spiketape${bits}_static)
            target_include_directories(${target} PUBLIC $<BUILD_INTERFACE:${CMAKE_CURRENT_SOURCE_DIR}>
                                       $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}/spiketape>)
            target_compile_definitions(${target} PUBLIC $<$<STREQUAL:${bits},64>:SPK_REAL_DOUBLE>)
            target_link_libraries(${target} PRIVATE $<BUILD_INTERFACE:PkgConfig::OPENBLAS> $<BUILD_INTERFACE:PkgConfig::CJSON>
                                  $<BUILD_INTERFACE:spk_threads> ZLIB::ZLIB m)
            set_target_properties(${target} PROPERTIES LINKER_LANGUAGE C)
            add_library(spiketape::${target} ALIAS ${target})
        endforeach()
    endforeach()
endfunction()
