# Every test by its place: nothing is listed by hand.
#   tests/unit/<module>/<name>_test.c     -> unit.<module>.<name>     one cmocka group a binary
#   tests/fuzz/<module>_<name>_fuzz.c     -> fuzz.<module>.<name>     replays tests/fuzz/corpus/<module>_<name>/ and the seeds made by the build
#   tests/<tier>/<name>_test.{sh,py}      -> <tier>.<name>            tier: integration, e2e, peers, soak; exit code 77 is "skipped"
#   tools/house/<name>.py                 -> house.<name>             the rules of the house (cmake/house.cmake)
# The label of a test is its first word. A line `# ctest: serial` in a script keeps others from running beside it (it measures time,
# say), `# ctest: timeout SECONDS` allows it more than five minutes.
# Scripts find the binaries in $WEIR_BIN, the repository in $WEIR_SOURCE, and Python's shared helpers (tests/support) on their path.
find_path(CMOCKA_INCLUDE cmocka.h)
find_library(CMOCKA_LIBRARY cmocka)
if(NOT CMOCKA_INCLUDE OR NOT CMOCKA_LIBRARY)
    message(STATUS "cmocka is not installed: no tests in this build")
    return()
endif()
enable_testing()
option(WEIR_TESTS_IN_ALL "Build the tests with everything else; otherwise only when the target `tests` is asked for" ON)
add_custom_target(tests)

set(test_environment
    "WEIR_SOURCE=${PROJECT_SOURCE_DIR}" "WEIR_BIN=${CMAKE_BINARY_DIR}/bin" "CMOCKA_MESSAGE_OUTPUT=TAP"
    "PYTHONPATH=${PROJECT_SOURCE_DIR}/tests/support" "PYTHONDONTWRITEBYTECODE=1" "LC_ALL=C.UTF-8")

function(weir_test_binary target source)
    add_executable(${target} ${source} ${ARGN})
    set_target_properties(${target} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
    if(NOT WEIR_TESTS_IN_ALL)
        set_target_properties(${target} PROPERTIES EXCLUDE_FROM_ALL ON)
    endif()
    add_dependencies(tests ${target})
endfunction()

file(GLOB_RECURSE unit_tests CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/unit/*_test.c)
foreach(source IN LISTS unit_tests)
    file(RELATIVE_PATH path ${PROJECT_SOURCE_DIR}/tests/unit ${source})
    string(REGEX REPLACE "_test\\.c$" "" path ${path})
    string(REPLACE "/" "." name ${path})
    string(REGEX REPLACE "\\..*" "" module ${name})
    if(NOT TARGET weir_${module})
        continue()
    endif()
    set(binary unit-${name})
    weir_test_binary(${binary} ${source})
    target_include_directories(${binary} PRIVATE ${PROJECT_SOURCE_DIR}/tests/support ${CMOCKA_INCLUDE})
    target_link_libraries(${binary} PRIVATE weir_${module} ${CMOCKA_LIBRARY} PkgConfig::JANSSON)
    add_test(NAME unit.${name} COMMAND ${binary} WORKING_DIRECTORY ${CMAKE_BINARY_DIR})
    set_tests_properties(unit.${name} PROPERTIES LABELS unit ENVIRONMENT "${test_environment}" TIMEOUT 120)
endforeach()

# What tests/support/weir_spark drives: the public API of streams by commands.
if(TARGET weir_streams)
    file(GLOB stream_runner CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/support/stream_runner*.c)
    weir_test_binary(stream_runner ${stream_runner})
    target_link_libraries(stream_runner PRIVATE weir_streams PkgConfig::JANSSON)
endif()

# What the tests of sources speak to.
if(TARGET weir_sources)
    weir_test_binary(source_driver ${PROJECT_SOURCE_DIR}/tests/support/source_driver.c)
    target_link_libraries(source_driver PRIVATE weir_sources PkgConfig::JANSSON)
endif()

set(fuzz_seconds 10)
if(DEFINED ENV{WEIR_FUZZ_SECONDS})
    set(fuzz_seconds $ENV{WEIR_FUZZ_SECONDS})
endif()
set(fuzz_seed 0) # libFuzzer's word for another one each time
if(DEFINED ENV{WEIR_FUZZ_SEED})
    set(fuzz_seed $ENV{WEIR_FUZZ_SEED})
endif()
math(EXPR fuzz_timeout "${fuzz_seconds} + 120")
file(GLOB fuzz_targets CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/fuzz/*_fuzz.c)
# Seeds from the schemas and golden data: made when one of those changes, or a target comes to them.
set(fuzz_seeds ${CMAKE_BINARY_DIR}/tests/seeds)
file(GLOB fuzz_seed_sources CONFIGURE_DEPENDS
     ${PROJECT_SOURCE_DIR}/runtime/protocol/schema/*.txt ${PROJECT_SOURCE_DIR}/tests/golden/datadir/*/data.tar.gz)
add_custom_command(OUTPUT ${fuzz_seeds}.made
    COMMAND ${Python3_EXECUTABLE} ${PROJECT_SOURCE_DIR}/tests/fuzz/make_corpus.py ${fuzz_seeds}
    COMMAND ${CMAKE_COMMAND} -E touch ${fuzz_seeds}.made
    DEPENDS ${PROJECT_SOURCE_DIR}/tests/fuzz/make_corpus.py ${fuzz_seed_sources} ${PROJECT_SOURCE_DIR}/runtime/broker/api_table.c
            ${fuzz_targets} ${PROJECT_SOURCE_DIR}/tests/golden/wire/internal_records.txt
    COMMENT "Making the seeds of the fuzz targets")
add_custom_target(fuzz_seeds DEPENDS ${fuzz_seeds}.made)
add_dependencies(tests fuzz_seeds)
foreach(source IN LISTS fuzz_targets)
    get_filename_component(base ${source} NAME_WE)
    string(REGEX REPLACE "_fuzz$" "" base ${base})
    string(REGEX MATCH "^([a-z]+)_(.*)$" _ ${base})
    set(module ${CMAKE_MATCH_1})
    set(name fuzz.${module}.${CMAKE_MATCH_2})
    if(NOT TARGET weir_${module})
        continue()
    endif()
    weir_test_binary(${name} ${source})
    target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests/support)
    target_link_libraries(${name} PRIVATE weir_${module})
    add_dependencies(${name} fuzz_seeds)
    set(corpus ${fuzz_seeds}/${base})
    if(IS_DIRECTORY ${PROJECT_SOURCE_DIR}/tests/fuzz/corpus/${base})
        list(APPEND corpus ${PROJECT_SOURCE_DIR}/tests/fuzz/corpus/${base})
    endif()
    if(WEIR_LIBFUZZER)
        # New inputs go to the first folder, crashes beside it; the committed corpus is only read.
        set(found ${CMAKE_BINARY_DIR}/tests/${base}.found)
        file(MAKE_DIRECTORY ${found})
        target_link_options(${name} PRIVATE -fsanitize=fuzzer)
        add_test(NAME ${name} COMMAND ${name} -max_total_time=${fuzz_seconds} -seed=${fuzz_seed} -timeout=5 -rss_limit_mb=2048
                 -artifact_prefix=${found}- ${found} ${corpus})
    else()
        target_sources(${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests/fuzz/replay_main.c)
        add_test(NAME ${name} COMMAND ${name} ${corpus})
    endif()
    set_tests_properties(${name} PROPERTIES LABELS fuzz TIMEOUT ${fuzz_timeout})
endforeach()

foreach(tier integration e2e peers soak)
    file(GLOB scripts CONFIGURE_DEPENDS
         ${PROJECT_SOURCE_DIR}/tests/${tier}/*_test.sh ${PROJECT_SOURCE_DIR}/tests/${tier}/*_test.py)
    foreach(source IN LISTS scripts)
        get_filename_component(file ${source} NAME)
        string(REGEX REPLACE "_test\\.(sh|py)$" "" name ${file})
        if(file MATCHES "\\.py$")
            set(interpreter /usr/bin/python3) # Debian's own, which sees Debian's python3-kafka
        else()
            set(interpreter bash)
        endif()
        add_test(NAME ${tier}.${name} COMMAND ${interpreter} ${source} WORKING_DIRECTORY ${CMAKE_BINARY_DIR})
        set_tests_properties(${tier}.${name} PROPERTIES
            LABELS ${tier} ENVIRONMENT "${test_environment}" TIMEOUT 300 SKIP_RETURN_CODE 77)
        file(STRINGS ${source} directives REGEX "^# ctest: ")
        foreach(directive IN LISTS directives)
            if(directive MATCHES "^# ctest: serial$")
                set_tests_properties(${tier}.${name} PROPERTIES RUN_SERIAL ON)
            elseif(directive MATCHES "^# ctest: timeout ([0-9]+)$")
                set_tests_properties(${tier}.${name} PROPERTIES TIMEOUT ${CMAKE_MATCH_1})
            else()
                message(FATAL_ERROR "${source}: '${directive}' is neither 'serial' nor 'timeout SECONDS'")
            endif()
        endforeach()
    endforeach()
endforeach()

include(${CMAKE_CURRENT_LIST_DIR}/house.cmake)
