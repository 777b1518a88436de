# One libFuzzer program for each target: `cmake --build --preset fuzz --target fuzzers`. Only what is pure is linked.
file(GLOB fuzz_targets CONFIGURE_DEPENDS fuzz/machines/*.cpp fuzz/readers/*.cpp)
add_library(fuzz_entry OBJECT fuzz/fuzz.cpp fuzz/engine/libfuzzer.cpp ${PROJECT_SOURCE_DIR}/app/net/http/http_text.cpp
                              ${PROJECT_SOURCE_DIR}/app/net/dial/proxy.cpp)
relay_gateway_target(fuzz_entry)
target_link_libraries(fuzz_entry PUBLIC relay_core)
foreach(file IN LISTS fuzz_targets)
  get_filename_component(name ${file} NAME_WE)
  add_executable(fuzz_${name} EXCLUDE_FROM_ALL ${file} $<TARGET_OBJECTS:fuzz_entry>)
  relay_gateway_target(fuzz_${name})
  target_link_libraries(fuzz_${name} PRIVATE relay_core OpenSSL::Crypto)
  target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
  add_dependencies(fuzzers fuzz_${name})
endforeach()
