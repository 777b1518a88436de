# `cmake --build BUILD --target package`: a Debian package and a release archive in BUILD/packages, with checksums, the SBOM
# of both beside and inside them. Only the two programs are built for it. `package` is a target of our own, for CPack's
# would build everything first.
find_program(RELAY_GATEWAY_CPACK cpack)
if(NOT RELAY_GATEWAY_CPACK)
  return()
endif()
set(CPACK_GENERATOR "DEB;TGZ")
set(CPACK_PACKAGE_NAME relay-gateway)
set(CPACK_PACKAGE_VENDOR "relay-gateway")
set(RELAY_GATEWAY_PACKAGE_CONTACT "relay-gateway maintainers <relay-gateway@localhost.localdomain>" CACHE STRING
    "Maintainer of the Debian package")
set(CPACK_PACKAGE_CONTACT ${RELAY_GATEWAY_PACKAGE_CONTACT})
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "gateway side of a relay between chat platforms and an AI agent")
set(CPACK_PACKAGE_DESCRIPTION
    "Dials out over one authenticated WebSocket to a connector, hands chat
events to an agent and routes its replies back by platform, bot and tenant.
Needs no public port. Ships the connector stand-in, for trials and tests.")
set(CPACK_PACKAGE_DIRECTORY ${PROJECT_BINARY_DIR}/packages)
set(CPACK_PACKAGE_CHECKSUM SHA256)
set(CPACK_RESOURCE_FILE_LICENSE ${PROJECT_SOURCE_DIR}/LICENSE)
# What is packaged is staged by a script, for the two packages have different layouts.
set(CPACK_INSTALL_CMAKE_PROJECTS "")
set(CPACK_INSTALL_SCRIPTS ${PROJECT_BINARY_DIR}/packaging/stage.cmake)
set(CPACK_PACKAGING_INSTALL_PREFIX /)
set(CPACK_INSTALL_PREFIX /)
set(CPACK_SYSTEM_NAME linux-${CMAKE_SYSTEM_PROCESSOR})
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_DEPENDS "ca-certificates")
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(debian ${PROJECT_SOURCE_DIR}/deploy/debian)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${debian}/conffiles ${debian}/postinst ${debian}/prerm ${debian}/postrm)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)

configure_file(${PROJECT_SOURCE_DIR}/deploy/cmake/stage.cmake.in ${PROJECT_BINARY_DIR}/packaging/stage.cmake @ONLY)
set(CPACK_OUTPUT_CONFIG_FILE ${PROJECT_BINARY_DIR}/packaging/CPackConfig.cmake)
set(CPACK_SOURCE_OUTPUT_CONFIG_FILE ${PROJECT_BINARY_DIR}/packaging/CPackSourceConfig.cmake)
include(CPack)
add_custom_target(package
                  COMMAND ${CMAKE_COMMAND} -E rm -rf ${CPACK_PACKAGE_DIRECTORY}
                  COMMAND ${CMAKE_COMMAND} -E make_directory ${CPACK_PACKAGE_DIRECTORY}
                  COMMAND ${RELAY_GATEWAY_CPACK} --config ${PROJECT_BINARY_DIR}/packaging/CPackConfig.cmake
                  DEPENDS relay-gateway relay-connector described WORKING_DIRECTORY ${PROJECT_BINARY_DIR} VERBATIM USES_TERMINAL)
