# One CTest test for each suite of a GoogleTest program, listed by the program itself when it was built: a process
# under the sanitizers takes a third of a second to start, and there are a thousand tests.
#
#   include(suites.cmake)
#   sekimori_suites(capture_tests "capture.")
#
# As a script (-P) it is the listing: PROGRAM, PREFIX and OUTPUT are given.
if(CMAKE_SCRIPT_MODE_FILE)
  execute_process(COMMAND "${PROGRAM}" --gtest_list_tests OUTPUT_VARIABLE listed RESULT_VARIABLE failed TIMEOUT 60)
  if(failed)
    message(FATAL_ERROR "${PROGRAM} --gtest_list_tests: ${failed}")
  endif()
  string(REPLACE ";" "\\;" listed "${listed}")
  string(REPLACE "\n" ";" lines "${listed}")
  set(script "")
  set(count 0)
  foreach(line IN LISTS lines)
    # "Suite." or "Instances/Suite.  # what it is"; a test's line is indented.
    if(line MATCHES "^([A-Za-z0-9_/]+)\\.( |$)")
      string(APPEND script "add_test([=[${PREFIX}${CMAKE_MATCH_1}]=] \"${PROGRAM}\" [=[--gtest_filter=${CMAKE_MATCH_1}.*]=])\n")
      math(EXPR count "${count} + 1")
    endif()
  endforeach()
  if(count EQUAL 0)
    message(FATAL_ERROR "${PROGRAM} lists no test")
  endif()
  file(WRITE "${OUTPUT}" "${script}")
  return()
endif()

set(sekimori_suites_script "${CMAKE_CURRENT_LIST_FILE}")
function(sekimori_suites target prefix)
  set(list "${CMAKE_CURRENT_BINARY_DIR}/${target}.suites.cmake")
  add_custom_command(TARGET ${target} POST_BUILD BYPRODUCTS "${list}"
    COMMAND ${CMAKE_COMMAND} "-DPROGRAM=$<TARGET_FILE:${target}>" "-DPREFIX=${prefix}" "-DOUTPUT=${list}"
            -P "${sekimori_suites_script}"
    VERBATIM)
  # Not built: a test that cannot run is one that fails.
  set(include "${CMAKE_CURRENT_BINARY_DIR}/${target}.include.cmake")
  file(WRITE "${include}" "if(EXISTS \"${list}\")\n  include(\"${list}\")\nelse()\n  add_test(${target}_NOT_BUILT ${target}_NOT_BUILT)\nendif()\n")
  set_property(DIRECTORY APPEND PROPERTY TEST_INCLUDE_FILES "${include}")
endfunction()
