# Documentation that is installed, and the packages made of what is installed. scripts/package builds them; the preset
# `package` gives the prefix /usr. A package fits the system that it was built on, whose libraries it names.
# packaging/check compares packages with packaging/deb.files.

# The links of README.md lead to the same places as in the sources. docs/hacking.md is for those who have these.
install(FILES README.md LICENSE packaging/copyright DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(
  DIRECTORY docs/
  DESTINATION ${CMAKE_INSTALL_DOCDIR}/docs
  FILES_MATCHING
  PATTERN "*.md"
  PATTERN "*.svg"
  PATTERN hacking.md EXCLUDE)
file(READ etc/consul-watch.json watch)
string(REPLACE /usr/local/bin ${CMAKE_INSTALL_FULL_BINDIR} watch "${watch}")
file(WRITE ${CMAKE_BINARY_DIR}/packaging/consul-watch.json "${watch}")
install(FILES ${CMAKE_BINARY_DIR}/packaging/consul-watch.json etc/grafana-dashboard.json etc/prometheus-alerts.yml
        DESTINATION ${CMAKE_INSTALL_DOCDIR}/examples)
# Nothing enables or starts it: that would change what ProxySQL runs with.
file(READ etc/proxysql-consul.service unit)
string(REPLACE /usr/bin/proxysql-consul ${CMAKE_INSTALL_FULL_BINDIR}/proxysql-consul unit "${unit}")
file(WRITE ${CMAKE_BINARY_DIR}/packaging/proxysql-consul.service "${unit}")
install(FILES ${CMAKE_BINARY_DIR}/packaging/proxysql-consul.service DESTINATION lib/systemd/system)

# The program makes its manual page and completions itself, whenever it was built.
set(manual ${CMAKE_BINARY_DIR}/packaging/manual)
add_custom_command(
  TARGET proxysql-consul
  POST_BUILD
  COMMAND ${CMAKE_COMMAND} -E make_directory ${manual}
  COMMAND proxysql-consul help man >${manual}/proxysql-consul.1
  COMMAND proxysql-consul help bash >${manual}/proxysql-consul
  COMMAND proxysql-consul help zsh >${manual}/_proxysql-consul)
install(FILES ${manual}/proxysql-consul.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES ${manual}/proxysql-consul DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
# Debian's zsh looks for what packages bring in a directory of its own.
install(
  CODE "
  set(functions \"\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_DATADIR}/zsh/site-functions\")
  if(CMAKE_INSTALL_PREFIX STREQUAL \"/usr\" AND EXISTS /etc/debian_version)
    set(functions /usr/share/zsh/vendor-completions)
  endif()
  file(INSTALL ${manual}/_proxysql-consul DESTINATION \"\${functions}\")")

set(configuration_file ${CMAKE_INSTALL_FULL_SYSCONFDIR}/proxysql-consul.cnf)
file(WRITE ${CMAKE_BINARY_DIR}/packaging/conffiles "${configuration_file}\n")

set(CPACK_GENERATOR "DEB;RPM")
set(CPACK_SOURCE_GENERATOR "")
set(CPACK_PACKAGE_NAME proxysql-consul)
set(CPACK_PACKAGE_VENDOR "The authors of proxysql-consul")
set(CPACK_PACKAGE_CONTACT "The authors of proxysql-consul <proxysql-consul@localhost>")
set(CPACK_PACKAGE_DESCRIPTION
    "Saves the runtime configuration of a ProxySQL in Consul's key/value store. On every other node a Consul watch runs it
again, which changes the rows that differ, loads them to runtime and checks what arrived.")
set(CPACK_STRIP_FILES ON)

# The configuration file lies outside the prefix, so what is packaged is staged with DESTDIR.
set(CPACK_SET_DESTDIR ON)
set(CPACK_INSTALL_PREFIX ${CMAKE_INSTALL_PREFIX})

set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_PACKAGE_SECTION database)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${CMAKE_BINARY_DIR}/packaging/conffiles)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)

set(CPACK_RPM_FILE_NAME RPM-DEFAULT)
set(CPACK_RPM_PACKAGE_RELEASE 1)
set(CPACK_RPM_PACKAGE_LICENSE GPL-3.0-only)
set(CPACK_RPM_PACKAGE_DESCRIPTION "${CPACK_PACKAGE_DESCRIPTION}")
set(CPACK_PACKAGE_RELOCATABLE OFF)
set(CPACK_RPM_SPEC_MORE_DEFINE "%define _build_id_links none")
set(CPACK_RPM_USER_FILELIST "%config(noreplace) ${configuration_file}")

include(CPack)
