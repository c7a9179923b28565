# Only ThreadSanitizer needs something of its own.
if(WEIR_SANITIZE MATCHES "thread")
    target_sources(weir_client INTERFACE ${PROJECT_SOURCE_DIR}/tests/support/tsan_c11_threads.c)
endif()
