# Benchmarks of the engine's parts: tests/bench/parts/<name>.c -> bench_<name>, a program that prints what it measured. Built for
# `./weir bench`, and with the tests, so that each is seen to compile.
add_custom_target(bench_engine)
file(GLOB engine_benches CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/bench/parts/*.c)
foreach(source IN LISTS engine_benches)
    get_filename_component(name ${source} NAME_WE)
    add_executable(bench_${name} EXCLUDE_FROM_ALL ${source})
    set_target_properties(bench_${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
    target_include_directories(bench_${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests/support)
    target_link_libraries(bench_${name} PRIVATE weir_streams weir_operators weir_sinks weir_expressions)
    add_dependencies(bench_engine bench_${name})
endforeach()

# Our side of `./weir bench engine`: built as a student's program is, over the public headers and the public library.
set(engine_query ${CMAKE_BINARY_DIR}/tests/engine_query)
add_custom_command(OUTPUT ${engine_query}
    COMMAND ${CMAKE_C_COMPILER} -std=c17 -D_GNU_SOURCE -O2 -g -Wall -Wextra -Werror -I ${PROJECT_SOURCE_DIR}/runtime/include
            ${PROJECT_SOURCE_DIR}/tests/bench/engine_query.c $<TARGET_FILE:weir_public> @${CMAKE_BINARY_DIR}/lib/weir.libs -o ${engine_query}
    DEPENDS ${PROJECT_SOURCE_DIR}/tests/bench/engine_query.c weir_public ${CMAKE_BINARY_DIR}/lib/weir.libs
    COMMENT "Linking tests/engine_query with the public library" VERBATIM)
add_custom_target(engine_query_program DEPENDS ${engine_query})
add_dependencies(bench_engine engine_query_program)
if(TARGET tests)
    add_dependencies(tests bench_engine)
endif()
