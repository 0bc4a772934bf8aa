# CPack runs this on what is staged for a package: what differs between Debian's policy and that of rpm's systems.
set(root ${CPACK_TEMPORARY_INSTALL_DIRECTORY})
set(doc ${root}/usr/share/doc/proxysql-consul)
set(here ${CMAKE_CURRENT_LIST_DIR})

if(CPACK_GENERATOR STREQUAL "DEB")
  # Debian's zsh looks for what packages bring in a directory of its own.
  file(RENAME ${root}/usr/share/zsh/site-functions ${root}/usr/share/zsh/vendor-completions)
  file(RENAME ${doc}/changelog.gz ${doc}/changelog.Debian.gz)
  # Debian has the text once for all packages.
  file(REMOVE ${doc}/LICENSE)
  file(CREATE_LINK ../../common-licenses/GPL-3 ${doc}/LICENSE SYMBOLIC)
  configure_file(${here}/deb/lintian-overrides ${root}/usr/share/lintian/overrides/proxysql-consul COPYONLY)
elseif(CPACK_GENERATOR STREQUAL "RPM")
  file(REMOVE ${doc}/copyright)
endif()
