# Where an installation puts things. `cmake --install build/release --prefix /usr` follows the file hierarchy standard;
# DESTDIR works as usual.
include(GNUInstallDirs)

if(TARGET sekimorid)
  install(TARGETS sekimorid RUNTIME DESTINATION "${CMAKE_INSTALL_SBINDIR}")
endif()
if(TARGET sekimori)
  install(TARGETS sekimori RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")
endif()

install(FILES "${CMAKE_SOURCE_DIR}/README.md" DESTINATION "${CMAKE_INSTALL_DOCDIR}" OPTIONAL)
install(FILES "${CMAKE_SOURCE_DIR}/systemd/local-only.conf" "${CMAKE_SOURCE_DIR}/systemd/file-group.conf"
        "${CMAKE_SOURCE_DIR}/systemd/rsyslog.conf"
        DESTINATION "${CMAKE_INSTALL_DOCDIR}/examples")
install(DIRECTORY "${CMAKE_SOURCE_DIR}/config/examples/" DESTINATION "${CMAKE_INSTALL_DOCDIR}/examples"
        FILES_MATCHING PATTERN "*.yaml")
# The documented sample goes beside the place of the real one and never over it.
install(FILES "${CMAKE_SOURCE_DIR}/config/sekimori.yaml"
        DESTINATION /etc/sekimori RENAME sekimori.yaml.sample OPTIONAL)

install(FILES "${CMAKE_SOURCE_DIR}/systemd/sekimorid.service" DESTINATION lib/systemd/system)
install(FILES "${CMAKE_SOURCE_DIR}/systemd/sekimori.sysusers" DESTINATION lib/sysusers.d RENAME sekimori.conf)
install(FILES "${CMAKE_SOURCE_DIR}/systemd/sekimori.tmpfiles" DESTINATION lib/tmpfiles.d RENAME sekimori.conf)
install(FILES "${CMAKE_SOURCE_DIR}/systemd/sekimori.logrotate"
        DESTINATION /etc/logrotate.d RENAME sekimori)
