# Benchmarks of the engine's parts: tests/bench/engine/<name>.c -> bench_<name>, a program that prints what it measured. Built with the
# tests, so that each is seen to compile.
file(GLOB engine_benches CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/bench/engine/*.c)
foreach(source IN LISTS engine_benches)
    get_filename_component(name ${source} NAME_WE)
    add_executable(bench_${name} EXCLUDE_FROM_ALL ${source})
    set_target_properties(bench_${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
    target_include_directories(bench_${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests/support)
    target_link_libraries(bench_${name} PRIVATE weir_streams weir_operators weir_sinks weir_expressions)
    if(TARGET tests)
        add_dependencies(tests bench_${name})
    endif()
endforeach()
