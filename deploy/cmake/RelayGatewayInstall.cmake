# `cmake --install`: headers, libraries, programs, and what find_package and pkg-config need.
include(CMakePackageConfigHelpers)
get_property(libraries GLOBAL PROPERTY RELAY_GATEWAY_LIBRARIES)
install(TARGETS ${libraries} EXPORT relay_gateway_targets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
if(RELAY_GATEWAY_PROGRAMS)
  install(TARGETS relay-gateway relay-connector RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
  set(described ${PROJECT_BINARY_DIR}/described)
  install(FILES ${described}/relay-gateway.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
  install(FILES ${described}/relay-gateway DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
  install(FILES ${described}/_relay-gateway DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions)
  install(FILES ${described}/relay-gateway.fish DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)
endif()
foreach(folder messages config actors app)
  install(DIRECTORY ${PROJECT_SOURCE_DIR}/${folder} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/relay_gateway
          FILES_MATCHING PATTERN "*.hpp"
          PATTERN "app/admin" EXCLUDE PATTERN "app/commands" EXCLUDE PATTERN "app/metrics" EXCLUDE # the programs' part
          PATTERN "app/health" EXCLUDE PATTERN "app/log" EXCLUDE PATTERN "app/host" EXCLUDE PATTERN "app/service.hpp" EXCLUDE
          PATTERN "app/service_parts.hpp" EXCLUDE PATTERN "app/fleet" EXCLUDE
          PATTERN "connector/conformance" EXCLUDE)
endforeach()
install(DIRECTORY ${PROJECT_SOURCE_DIR}/tests/sim DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/relay_gateway/tests
        FILES_MATCHING PATTERN "*.hpp")
install(DIRECTORY ${PROJECT_SOURCE_DIR}/tests/actors DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/relay_gateway/tests
        FILES_MATCHING PATTERN "*.hpp")
install(FILES ${PROJECT_BINARY_DIR}/generated/relay_gateway/version.hpp DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/relay_gateway)

set(package ${CMAKE_INSTALL_LIBDIR}/cmake/relay_gateway)
install(EXPORT relay_gateway_targets NAMESPACE relay:: DESTINATION ${package})
configure_package_config_file(${PROJECT_SOURCE_DIR}/deploy/cmake/relay_gatewayConfig.cmake.in
                              ${PROJECT_BINARY_DIR}/relay_gatewayConfig.cmake INSTALL_DESTINATION ${package})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/relay_gatewayConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/relay_gatewayConfig.cmake ${PROJECT_BINARY_DIR}/relay_gatewayConfigVersion.cmake
              ${PROJECT_SOURCE_DIR}/deploy/cmake/FindCAF.cmake DESTINATION ${package})
# The tree may be moved after it was installed, or be installed elsewhere than it was configured for.
file(RELATIVE_PATH RELAY_GATEWAY_PREFIX_FROM_PC "/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/")
configure_file(${PROJECT_SOURCE_DIR}/deploy/cmake/relay_gateway.pc.in ${PROJECT_BINARY_DIR}/relay_gateway.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/relay_gateway.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
