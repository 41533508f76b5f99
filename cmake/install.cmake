# SPDX-License-Identifier: GPL-3.0-or-later
# What the program says about itself is written by the program, at build time.
set(written)
# costop_write(FILE ARGUMENTS...): what `costop ARGUMENTS` prints, into FILE of the build directory
function(costop_write file)
  set(output ${PROJECT_BINARY_DIR}/share/${file})
  cmake_path(GET output PARENT_PATH directory)
  file(MAKE_DIRECTORY ${directory})
  add_custom_command(OUTPUT ${output} COMMAND costop ${ARGN} >${output} DEPENDS costop
    COMMENT "Writing ${file}")
  set(written ${written} ${output} PARENT_SCOPE)
endfunction()
costop_write(man/costop.1 completion man)
costop_write(completions/costop completion bash)
costop_write(completions/_costop completion zsh)
costop_write(completions/costop.fish completion fish)
costop_write(costop-scenario.schema.json schema)
add_custom_target(costop_share ALL DEPENDS ${written})

install(TARGETS costop RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
set(share ${PROJECT_BINARY_DIR}/share)
install(FILES ${share}/man/costop.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES ${share}/completions/costop
  DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
install(FILES ${share}/completions/_costop DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions)
install(FILES ${share}/completions/costop.fish
  DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)
install(FILES ${share}/costop-scenario.schema.json DESTINATION ${CMAKE_INSTALL_DATADIR}/costop)
install(DIRECTORY scenarios DESTINATION ${CMAKE_INSTALL_DATADIR}/costop)
install(DIRECTORY plots DESTINATION ${CMAKE_INSTALL_DATADIR}/costop FILES_MATCHING PATTERN "*.gp")
install(FILES LICENSE README.md CHANGELOG.md DESTINATION ${CMAKE_INSTALL_DOCDIR})

# Where the program looks for what is installed with it: from its own directory, so that the whole
# can be moved. In the build directory it is share/.
file(RELATIVE_PATH from_bin ${CMAKE_INSTALL_FULL_BINDIR} ${CMAKE_INSTALL_FULL_DATADIR}/costop)
set_source_files_properties(src/cli/data_file.c PROPERTIES
  COMPILE_DEFINITIONS COSTOP_DATA_FROM_BIN="${from_bin}")
file(MAKE_DIRECTORY ${share})
file(CREATE_LINK ${PROJECT_SOURCE_DIR}/plots ${share}/plots SYMBOLIC)
