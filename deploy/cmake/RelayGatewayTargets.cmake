# What every target of this project gets. Warnings, -Werror and sanitizers are private: nobody who links a library of ours
# inherits them. C++20 and the include folder are usage requirements.

# Includes read "relay_gateway/app/gateway.hpp", in this tree as in an installed one.
file(MAKE_DIRECTORY ${PROJECT_BINARY_DIR}/include)
file(CREATE_LINK ${PROJECT_SOURCE_DIR} ${PROJECT_BINARY_DIR}/include/relay_gateway SYMBOLIC)
# What `version --json` tells. Packagers, who have no repository, give it with -DRELAY_GATEWAY_REVISION=...
set(RELAY_GATEWAY_REVISION "" CACHE STRING "Revision of the sources; empty: asked of git when CMake configures")
set(revision "${RELAY_GATEWAY_REVISION}")
if(NOT revision)
  execute_process(COMMAND git -C ${PROJECT_SOURCE_DIR} rev-parse --short=12 HEAD
                  OUTPUT_VARIABLE revision OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
endif()
if(NOT revision)
  set(revision unknown)
endif()
configure_file(${PROJECT_SOURCE_DIR}/deploy/cmake/revision.hpp.in ${PROJECT_BINARY_DIR}/generated/relay_gateway/revision.hpp @ONLY)
configure_file(${PROJECT_SOURCE_DIR}/deploy/cmake/version.hpp.in ${PROJECT_BINARY_DIR}/generated/relay_gateway/version.hpp @ONLY)

# relay_gateway_target(TARGET): for a library or a program, before it links anything.
function(relay_gateway_target target)
  target_compile_features(${target} PUBLIC cxx_std_20)
  set_target_properties(${target} PROPERTIES CXX_EXTENSIONS OFF POSITION_INDEPENDENT_CODE ON)
  target_include_directories(${target} PUBLIC $<BUILD_INTERFACE:${PROJECT_BINARY_DIR}/include>
                                              $<BUILD_INTERFACE:${PROJECT_BINARY_DIR}/generated>
                                              $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  target_compile_options(${target} PRIVATE -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Werror)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # gcc 12 reports these inside the standard library's and Asio's inlined code.
    target_compile_options(${target} PRIVATE -Wno-maybe-uninitialized -Wno-restrict -Wno-stringop-overflow
                                             -Wno-array-bounds -Wno-stringop-overread -Wno-dangling-pointer)
  endif()
  if(RELAY_GATEWAY_SANITIZE)
    # CAF binds null references in its init functions, so `null` stays off.
    target_compile_options(${target} PRIVATE -O0 -g1 -fno-omit-frame-pointer -fsanitize=address,undefined
                                             -fno-sanitize=null,vptr,alignment -fno-sanitize-recover=all)
    target_link_options(${target} PUBLIC -fsanitize=address,undefined)
  endif()
  if(RELAY_GATEWAY_SANITIZE_THREADS)
    target_compile_options(${target} PRIVATE -O1 -g1 -fno-omit-frame-pointer -fsanitize=thread)
    target_link_options(${target} PUBLIC -fsanitize=thread)
  endif()
  if(RELAY_GATEWAY_FUZZ)
    target_compile_options(${target} PRIVATE -O1 -g1 -fno-omit-frame-pointer -fsanitize=fuzzer-no-link,address,undefined
                                             -fno-sanitize=null,vptr,alignment -fno-sanitize-recover=all
                                             -fsanitize-ignorelist=${PROJECT_SOURCE_DIR}/tests/fuzz/engine/ignorelist.txt)
    target_link_options(${target} PUBLIC -fsanitize=address,undefined)
  endif()
  # Some files at a time, for the headers of CAF, Asio and GoogleTest are most of the work. Names in their anonymous
  # namespaces must differ.
  if(RELAY_GATEWAY_UNITY)
    set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 6)
  endif()
endfunction()

# relay_gateway_library(TARGET NAME SOURCES...): a static library that others may link as relay::NAME.
function(relay_gateway_library target name)
  add_library(${target} STATIC ${ARGN})
  add_library(relay::${name} ALIAS ${target})
  set_target_properties(${target} PROPERTIES EXPORT_NAME ${name} OUTPUT_NAME relay_gateway_${name})
  set_property(GLOBAL APPEND PROPERTY RELAY_GATEWAY_LIBRARIES ${target})
  relay_gateway_target(${target})
endfunction()

# relay_gateway_program(TARGET SOURCES...): an executable that runs for long, with the allocator that was chosen. Linked first and
# whole, for nothing calls it by name.
function(relay_gateway_program target)
  add_executable(${target} ${ARGN})
  relay_gateway_target(${target})
  if(NOT RELAY_GATEWAY_ALLOCATOR STREQUAL "system")
    target_link_libraries(${target} PRIVATE -Wl,--push-state,--no-as-needed ${RELAY_GATEWAY_ALLOCATOR_${RELAY_GATEWAY_ALLOCATOR}}
                                            -Wl,--pop-state)
    target_compile_definitions(${target} PRIVATE RELAY_GATEWAY_ALLOCATOR_${RELAY_GATEWAY_ALLOCATOR})
  endif()
endfunction()
