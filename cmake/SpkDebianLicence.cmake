# Run by CPack when the files of a package are in place: every Debian package has the licence where Debian's users look for it.
if(CPACK_GENERATOR STREQUAL "DEB")
    foreach(component RUNTIME DEVELOPMENT PROGRAMS)
        string(TOLOWER ${component} folder)
        set(doc ${CPACK_TEMPORARY_DIRECTORY}/${folder}/usr/share/doc/${CPACK_DEBIAN_${component}_PACKAGE_NAME})
        file(MAKE_DIRECTORY ${doc})
        configure_file(${CPACK_RESOURCE_FILE_LICENSE} ${doc}/copyright COPYONLY)
    endforeach()
endif()
