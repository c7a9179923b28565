# build/lib/libweir.a: what a student's program links with, and build/lib/weir.libs, the libraries that go with it. The public headers
# are runtime/include:
#
#     cc -I runtime/include program.c build/lib/libweir.a @build/lib/weir.libs -o program
#
# Students' programs are compiled by the grader's rules, without sanitizers, so this library is as well, in every build.
set(public_modules)
foreach(module IN ITEMS base net protocol columns expressions plan checkpoint state operators client sources sinks streams)
    if(TARGET weir_${module})
        list(APPEND public_modules ${module})
    endif()
endforeach()

add_library(weir_public STATIC)
foreach(module IN LISTS public_modules)
    if(WEIR_SANITIZE)
        get_target_property(module_sources weir_${module} SOURCES)
        target_sources(weir_public PRIVATE ${module_sources})
        target_include_directories(weir_public PRIVATE $<TARGET_PROPERTY:weir_${module},INCLUDE_DIRECTORIES>)
        add_dependencies(weir_public weir_${module})
    else()
        target_sources(weir_public PRIVATE $<TARGET_OBJECTS:weir_${module}>)
    endif()
endforeach()
if(WEIR_SANITIZE)
    target_link_libraries(weir_public PRIVATE weir_flags_plain)
endif()
set_target_properties(weir_public PROPERTIES
    OUTPUT_NAME weir ARCHIVE_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/lib LINKER_LANGUAGE C)
file(GENERATE OUTPUT ${CMAKE_BINARY_DIR}/lib/weir.libs
     CONTENT "-Wl,--as-needed -lrdkafka -lpcre2-8 -lunistring -lcrypto -lz -llz4 -lzstd -lsnappy -lpthread -lm\n")
