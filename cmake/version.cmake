# SPDX-License-Identifier: GPL-3.0-or-later
# Writes version_commit.h at every build, so that the commit is never stale; it is touched only when
# it changes. Outside of a git checkout (a tarball) the commit is "unknown".
if(NOT CMAKE_SCRIPT_MODE_FILE)
  set(generated ${PROJECT_BINARY_DIR}/generated)
  add_custom_target(costop_version
    COMMAND ${CMAKE_COMMAND} -D SOURCE=${PROJECT_SOURCE_DIR} -D VERSION=${PROJECT_VERSION}
      -D OUTPUT=${generated}/version_commit.h -P ${CMAKE_CURRENT_LIST_FILE}
    BYPRODUCTS ${generated}/version_commit.h COMMENT "Looking up the commit")
  add_dependencies(costop_cli costop_version)
  target_include_directories(costop_cli PRIVATE ${generated})
  return()
endif()

cmake_minimum_required(VERSION 3.25)
set(COMMIT unknown)
# Only the checkout of this very directory counts, not one around an unpacked tarball.
if(EXISTS ${SOURCE}/.git)
  find_program(GIT git)
  if(GIT)
    execute_process(COMMAND ${GIT} -C ${SOURCE} describe --always --dirty --tags
      OUTPUT_VARIABLE described OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE failed)
    if(NOT failed)
      set(COMMIT ${described})
    endif()
  endif()
endif()
file(CONFIGURE OUTPUT ${OUTPUT} CONTENT
  "#define COSTOP_VERSION \"@VERSION@\"\n#define COSTOP_COMMIT \"@COMMIT@\"\n" @ONLY)
