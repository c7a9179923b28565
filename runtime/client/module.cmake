# build/lib/libweir.a: what a program of a lab links with, next to -lrdkafka. The public headers are runtime/include.
# Students' programs are compiled by the grader's rules, without sanitizers, so this library is as well, in every build.
get_target_property(client_sources weir_client SOURCES)
get_target_property(base_sources weir_base SOURCES)
if(WEIR_SANITIZE)
    add_library(weir_public STATIC ${client_sources} ${base_sources})
    target_include_directories(weir_public PRIVATE $<TARGET_PROPERTY:weir_client,INCLUDE_DIRECTORIES>)
    add_dependencies(weir_public weir_client)
    target_link_libraries(weir_public PRIVATE weir_flags_plain)
else()
    add_library(weir_public STATIC $<TARGET_OBJECTS:weir_client> $<TARGET_OBJECTS:weir_base>)
endif()
set_target_properties(weir_public PROPERTIES
    OUTPUT_NAME weir ARCHIVE_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/lib LINKER_LANGUAGE C)

if(WEIR_SANITIZE MATCHES "thread")
    target_sources(weir_client INTERFACE ${PROJECT_SOURCE_DIR}/tests/support/tsan_c11_threads.c)
endif()
