# The benchmarks' client (tests/bench/broker_load*.c): an outside client over librdkafka and nothing of ours. Built for
# `./weir bench`, and with the tests, so that it is seen to compile.
file(GLOB bench_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/bench/broker_load*.c)
if(bench_sources)
    add_executable(broker_load EXCLUDE_FROM_ALL ${bench_sources})
    set_target_properties(broker_load PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
    target_link_libraries(broker_load PRIVATE weir_flags_plain PkgConfig::RDKAFKA Threads::Threads)
    if(TARGET tests)
        add_dependencies(tests broker_load)
    endif()
endif()
