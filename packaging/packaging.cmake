# Documentation that is installed, and the packages made of what is installed. scripts/package builds them; the preset
# `package` gives the prefix /usr. A package fits the system that it was built on, whose libraries it names. What is
# different in a .deb and an .rpm is in stage.cmake; packaging/check compares packages with deb.files.
set(packaging ${CMAKE_BINARY_DIR}/packaging)
set(sources ${CMAKE_CURRENT_LIST_DIR})

# Puts a file into build/.../packaging with what is different once it is installed: source, then pairs to replace.
function(adapt source)
  file(READ ${source} text)
  list(LENGTH ARGN count)
  math(EXPR last "${count} - 1")
  foreach(at RANGE 0 ${last} 2)
    math(EXPR next "${at} + 1")
    list(GET ARGN ${at} from)
    list(GET ARGN ${next} to)
    string(REPLACE "${from}" "${to}" text "${text}")
  endforeach()
  get_filename_component(name ${source} NAME)
  file(WRITE ${packaging}/${name} "${text}")
endfunction()

# The links of README.md lead to the same places as in the sources. CONTRIBUTING.md and docs/hacking.md are for those who
# have these, and so is CHANGELOG.md: lintian takes it for the package's own.
install(FILES README.md LICENSE packaging/copyright DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(
  DIRECTORY docs/
  DESTINATION ${CMAKE_INSTALL_DOCDIR}/docs
  FILES_MATCHING
  PATTERN "*.md"
  PATTERN "*.svg"
  PATTERN "*.json"
  PATTERN hacking.md EXCLUDE)
adapt(etc/consul-watch.json /usr/local/bin ${CMAKE_INSTALL_FULL_BINDIR})
install(FILES ${packaging}/consul-watch.json etc/grafana-dashboard.json etc/prometheus-alerts.yml
        DESTINATION ${CMAKE_INSTALL_DOCDIR}/examples)
install(DIRECTORY etc/ansible DESTINATION ${CMAKE_INSTALL_DOCDIR}/examples)
# Nothing enables or starts it: that would change what ProxySQL runs with.
adapt(etc/proxysql-consul.service /usr/bin/proxysql-consul ${CMAKE_INSTALL_FULL_BINDIR}/proxysql-consul)
install(FILES ${packaging}/proxysql-consul.service DESTINATION lib/systemd/system)

# What several users share is the group's, which systemd makes.
set(identity /var/lib/proxysql/proxysql-consul /var/lib/proxysql-consul/node)
adapt(etc/proxysql-consul.cnf ${identity})
install(FILES packaging/sysusers.conf DESTINATION lib/sysusers.d RENAME proxysql-consul.conf)
install(FILES packaging/tmpfiles.conf DESTINATION lib/tmpfiles.d RENAME proxysql-consul.conf)
# For owner and group alone, since it holds passwords; and never over one that is there.
set(configuration_file ${CMAKE_INSTALL_FULL_SYSCONFDIR}/proxysql-consul.cnf)
install(
  CODE "
  if(EXISTS \"\$ENV{DESTDIR}${configuration_file}\")
    message(STATUS \"Kept: \$ENV{DESTDIR}${configuration_file}\")
  else()
    file(INSTALL \"${packaging}/proxysql-consul.cnf\" DESTINATION \"${CMAKE_INSTALL_FULL_SYSCONFDIR}\"
         PERMISSIONS OWNER_READ OWNER_WRITE GROUP_READ)
  endif()")

# The program makes its manual page and completions itself, whenever it was built. gzip -n leaves out name and time, which
# differ in each build.
set(manual ${packaging}/manual)
add_custom_command(
  TARGET proxysql-consul
  POST_BUILD
  COMMAND ${CMAKE_COMMAND} -E make_directory ${manual}
  COMMAND proxysql-consul help man | sed "s,/var/lib/proxysql/proxysql.-consul,/var/lib/proxysql-consul/node," | gzip -9n
          >${manual}/proxysql-consul.1.gz
  COMMAND proxysql-consul help bash >${manual}/proxysql-consul
  COMMAND proxysql-consul help zsh >${manual}/_proxysql-consul)
execute_process(
  COMMAND gzip -9nc
  INPUT_FILE ${sources}/changelog
  OUTPUT_FILE ${packaging}/changelog.gz COMMAND_ERROR_IS_FATAL ANY)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${sources}/changelog)
install(FILES ${manual}/proxysql-consul.1.gz DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES ${packaging}/changelog.gz DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(FILES ${manual}/proxysql-consul DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
install(FILES ${manual}/_proxysql-consul DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions)

file(WRITE ${packaging}/conffiles "${configuration_file}\n")

set(CPACK_GENERATOR "DEB;RPM")
set(CPACK_SOURCE_GENERATOR "")
set(CPACK_PACKAGE_NAME proxysql-consul)
set(CPACK_PACKAGE_VENDOR "The authors of proxysql-consul")
set(CPACK_PACKAGE_CONTACT "The authors of proxysql-consul <proxysql-consul@localhost>")
set(CPACK_PACKAGE_DESCRIPTION
    "Saves the runtime configuration of a ProxySQL in Consul's key/value store.
On every other node a Consul watch runs it again, or it stays and waits: it
changes the rows that differ, loads them to runtime and checks what arrived.")
set(CPACK_STRIP_FILES ON)

set(CPACK_PRE_BUILD_SCRIPTS ${sources}/stage.cmake)

# The configuration file lies outside the prefix, so what is packaged is staged with DESTDIR.
set(CPACK_SET_DESTDIR ON)
set(CPACK_INSTALL_PREFIX ${CMAKE_INSTALL_PREFIX})

set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_PACKAGE_SECTION database)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
# These make the group and the directory, also where systemd does not run; the first of each is the small one.
set(CPACK_DEBIAN_PACKAGE_DEPENDS
    "systemd-standalone-sysusers | systemd | systemd-sysusers, systemd-standalone-tmpfiles | systemd | systemd-tmpfiles")
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${packaging}/conffiles ${sources}/deb/postinst ${sources}/deb/prerm
                                       ${sources}/deb/postrm)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)

set(CPACK_RPM_FILE_NAME RPM-DEFAULT)
set(CPACK_RPM_PACKAGE_RELEASE 1)
set(CPACK_RPM_PACKAGE_LICENSE GPL-3.0-only)
set(CPACK_RPM_PACKAGE_DESCRIPTION "${CPACK_PACKAGE_DESCRIPTION}")
set(CPACK_PACKAGE_RELOCATABLE OFF)
set(CPACK_RPM_SPEC_MORE_DEFINE "%define _build_id_links none\nPackager: ${CPACK_PACKAGE_CONTACT}")
# Directories that are there before any package, or that several share.
set(share /usr/share)
set(CPACK_RPM_EXCLUDE_FROM_AUTO_FILELIST_ADDITION
    /usr/lib/systemd /usr/lib/systemd/system /usr/lib/sysusers.d /usr/lib/tmpfiles.d ${share}/bash-completion
    ${share}/bash-completion/completions ${share}/man ${share}/man/man1 ${share}/zsh ${share}/zsh/site-functions)
set(CPACK_RPM_USER_FILELIST "%config(noreplace) %attr(0640,root,proxysql-consul) ${configuration_file}")
set(CPACK_RPM_PRE_INSTALL_SCRIPT_FILE ${sources}/rpm/pre)
set(CPACK_RPM_POST_INSTALL_SCRIPT_FILE ${sources}/rpm/post)
set(CPACK_RPM_PRE_UNINSTALL_SCRIPT_FILE ${sources}/rpm/preun)
set(CPACK_RPM_POST_UNINSTALL_SCRIPT_FILE ${sources}/rpm/postun)
set(CPACK_RPM_PACKAGE_REQUIRES_PRE shadow-utils)
set(CPACK_RPM_PACKAGE_REQUIRES systemd)

include(CPack)
