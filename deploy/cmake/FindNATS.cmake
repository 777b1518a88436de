# Debian's libnats-dev names a static library in its CMake package file that it does not ship, so the library is found by
# hand. Offers NATS::nats.
include(FindPackageHandleStandardArgs)
find_path(NATS_INCLUDE_DIR nats/nats.h)
find_library(NATS_LIBRARY nats)
if(NATS_INCLUDE_DIR)
  file(STRINGS "${NATS_INCLUDE_DIR}/nats/version.h" _line REGEX "^#define NATS_VERSION_STRING")
  string(REGEX MATCH "[0-9]+[.][0-9]+[.][0-9]+" NATS_VERSION "${_line}")
endif()
find_package_handle_standard_args(NATS REQUIRED_VARS NATS_LIBRARY NATS_INCLUDE_DIR VERSION_VAR NATS_VERSION)
if(NATS_FOUND AND NOT TARGET NATS::nats)
  add_library(NATS::nats UNKNOWN IMPORTED)
  set_target_properties(NATS::nats PROPERTIES IMPORTED_LOCATION "${NATS_LIBRARY}"
    INTERFACE_INCLUDE_DIRECTORIES "${NATS_INCLUDE_DIR}")
endif()
