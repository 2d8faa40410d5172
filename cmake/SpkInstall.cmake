# What `cmake --install` lays down. Components: runtime (the shared libraries), development (headers, static libraries, pkg-config and
# CMake files), programs. Nothing of it names a folder of this machine: the whole can be moved.

include(CMakePackageConfigHelpers)

# All that is installed and has to be built.
add_custom_target(spk_installed DEPENDS spiketape spiketape64 spiketape_static spiketape64_static)

install(TARGETS spiketape spiketape64 EXPORT spiketape-shared
        LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT runtime NAMELINK_COMPONENT development)
install(TARGETS spiketape_static spiketape64_static EXPORT spiketape-static
        ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT development)
install(DIRECTORY ${SPK_HEADERS}/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/spiketape COMPONENT development)
install(FILES LICENSE CHANGELOG.md DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT runtime)

# find_package
set(SPK_PACKAGE ${CMAKE_INSTALL_LIBDIR}/cmake/spiketape)
foreach(kind shared static)
    install(EXPORT spiketape-${kind} NAMESPACE spiketape:: DESTINATION ${SPK_PACKAGE} COMPONENT development)
endforeach()
configure_package_config_file(cmake/spiketape-config.cmake.in spiketape-config.cmake INSTALL_DESTINATION ${SPK_PACKAGE} NO_SET_AND_CHECK_MACRO)
set(compatible SameMajorVersion)
if(PROJECT_VERSION_MAJOR EQUAL 0)
    set(compatible SameMinorVersion)
endif()
write_basic_package_version_file(spiketape-config-version.cmake COMPATIBILITY ${compatible})
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/spiketape-config.cmake ${CMAKE_CURRENT_BINARY_DIR}/spiketape-config-version.cmake
        DESTINATION ${SPK_PACKAGE} COMPONENT development)

# pkg-config. Folders are said from where the file itself lies, unless they were given as absolute ones.
set(pc_prefix ${CMAKE_INSTALL_PREFIX})
if(NOT IS_ABSOLUTE ${CMAKE_INSTALL_LIBDIR})
    file(RELATIVE_PATH up /prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig /prefix)
    string(REGEX REPLACE "/$" "" up ${up})
    set(pc_prefix "\${pcfiledir}/${up}")
endif()
foreach(folder LIBDIR INCLUDEDIR)
    set(pc_${folder} ${CMAKE_INSTALL_${folder}})
    if(NOT IS_ABSOLUTE ${pc_${folder}})
        set(pc_${folder} "\${prefix}/${pc_${folder}}")
    endif()
endforeach()
function(spk_pkg_config name number flags)
    configure_file(cmake/spiketape.pc.in ${name}.pc @ONLY)
    install(FILES ${CMAKE_CURRENT_BINARY_DIR}/${name}.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT development)
endfunction()
spk_pkg_config(spiketape float "")
spk_pkg_config(spiketape64 double " -DSPK_REAL_DOUBLE")
