# Layers, and the libraries made of them. Everything is built twice: with float, and with double (the same name with 64).

set(SPK_C_FLAGS -Wall -Wextra -Wshadow -Wconversion -Wformat=2 -ffp-contract=off -fno-math-errno -fno-trapping-math)
if(SPK_WERROR)
    list(APPEND SPK_C_FLAGS -Werror)
endif()
# Where another project builds the library and says no build type, the library is fast all the same.
set(SPK_OPTIMISE $<$<OR:$<CONFIG:Release>,$<STREQUAL:$<CONFIG>,>>:-O3>)

# Hardening, as far as the compiler and the linker know it: bench/steps w2 executes 0.04 % more instructions. _FORTIFY_SOURCE needs an optimised build, and would hide
# mistakes from the sanitizers.
include(CheckCCompilerFlag)
include(CheckLinkerFlag)
set(SPK_HARDENING $<$<CONFIG:Release>:-U_FORTIFY_SOURCE> $<$<CONFIG:Release>:-D_FORTIFY_SOURCE=2>)
foreach(flag -fstack-protector-strong -fstack-clash-protection -fcf-protection)
    string(MAKE_C_IDENTIFIER "SPK_HAS${flag}" known)
    check_c_compiler_flag(${flag} ${known})
    if(${known})
        list(APPEND SPK_HARDENING ${flag})
    endif()
endforeach()
check_linker_flag(C LINKER:-z,relro,-z,now SPK_HAS_RELRO)
set(SPK_HARDENED_LINK $<$<BOOL:${SPK_HAS_RELRO}>:LINKER:-z,relro,-z,now>)
set(SPK_EXPORTS ${CMAKE_CURRENT_LIST_DIR}/exports.map)
check_linker_flag(C LINKER:--version-script=${SPK_EXPORTS} SPK_HAS_VERSION_SCRIPT)
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
        target_compile_options(${target} PRIVATE ${SPK_C_FLAGS} ${SPK_OPTIMISE} ${SPK_HARDENING})
        target_compile_definitions(${target} PRIVATE $<$<STREQUAL:${bits},64>:SPK_REAL_DOUBLE> $<$<NOT:$<BOOL:${SPK_CLONES}>>:SPK_NO_CLONES>
                                                     $<$<CONFIG:Debug>:SPK_DEBUG_CHECKS>)
        set_target_properties(${target} PROPERTIES C_STANDARD 17 C_EXTENSIONS ON C_VISIBILITY_PRESET hidden
                              POSITION_INDEPENDENT_CODE ON)
    endforeach()
endfunction()

# A shared library stays compatible within its series (docs/install.md): 0.1, 0.2, ..., then 1, 2, ...
set(SPK_ABI ${PROJECT_VERSION_MAJOR})
if(PROJECT_VERSION_MAJOR EQUAL 0)
    set(SPK_ABI 0.${PROJECT_VERSION_MINOR})
endif()

# spiketape (shared), spiketape_static, and the same with 64, from the objects of the layers.
function(spk_libraries)
    set(include ${SPK_HEADERS})
    if(PROJECT_IS_TOP_LEVEL OR SPK_TESTS) # the tests look inside
        set(include ${CMAKE_CURRENT_SOURCE_DIR})
    endif()
    foreach(bits "" 64)
        set(objects ${ARGN})
        list(TRANSFORM objects REPLACE "(.+)" "$<TARGET_OBJECTS:spk_\\1${bits}>")
        add_library(spiketape${bits} SHARED ${objects})
        add_library(spiketape${bits}_static STATIC ${objects})
        if(SPK_HAS_VERSION_SCRIPT)
            target_link_options(spiketape${bits} PRIVATE LINKER:--version-script=${SPK_EXPORTS})
            set_target_properties(spiketape${bits} PROPERTIES LINK_DEPENDS ${SPK_EXPORTS})
        endif()
        set_target_properties(spiketape${bits} PROPERTIES VERSION ${PROJECT_VERSION} SOVERSION ${SPK_ABI})
        set_target_properties(spiketape${bits}_static PROPERTIES OUTPUT_NAME spiketape${bits})
        foreach(target spiketape${bits} spiketape${bits}_static)
            target_include_directories(${target} PUBLIC $<BUILD_INTERFACE:${include}>
                                       $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}/spiketape>)
            target_compile_definitions(${target} PUBLIC $<$<STREQUAL:${bits},64>:SPK_REAL_DOUBLE>)
            target_link_libraries(${target} PRIVATE PkgConfig::SPK_OPENBLAS PkgConfig::SPK_CJSON Threads::Threads ZLIB::ZLIB m)
            target_link_options(${target} PRIVATE ${SPK_HARDENED_LINK})
            set_target_properties(${target} PROPERTIES LINKER_LANGUAGE C)
            add_library(spiketape::${target} ALIAS ${target})
        endforeach()
    endforeach()
endfunction()
