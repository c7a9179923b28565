# build/lib/libweir.a: what a program of a lab links with, next to -lrdkafka. The public headers are runtime/include.
add_library(weir_public STATIC $<TARGET_OBJECTS:weir_client> $<TARGET_OBJECTS:weir_base>)
set_target_properties(weir_public PROPERTIES
    OUTPUT_NAME weir ARCHIVE_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/lib LINKER_LANGUAGE C)
