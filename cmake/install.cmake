# Installs the program, the library, its headers and the files that find_package(Relatum) needs.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)
install(TARGETS relatum_program RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(TARGETS relatum relatum_options EXPORT RelatumTargets
        ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY src/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/relatum
        FILES_MATCHING PATTERN "*.h" PATTERN "app" EXCLUDE)
install(EXPORT RelatumTargets NAMESPACE Relatum:: FILE RelatumTargets.cmake
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/Relatum)
configure_package_config_file(cmake/RelatumConfig.cmake.in
  ${CMAKE_CURRENT_BINARY_DIR}/RelatumConfig.cmake
  INSTALL_DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/Relatum)
write_basic_package_version_file(${CMAKE_CURRENT_BINARY_DIR}/RelatumConfigVersion.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/RelatumConfig.cmake
              ${CMAKE_CURRENT_BINARY_DIR}/RelatumConfigVersion.cmake
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/Relatum)

# What is installed has to serve a program outside this tree.
if(RELATUM_TESTS)
  add_test(NAME install.library COMMAND ${CMAKE_COMMAND}
    -DBUILD=${CMAKE_BINARY_DIR} -DGENERATOR=${CMAKE_GENERATOR} -DCOMPILER=${CMAKE_CXX_COMPILER}
    -DONEDNN=${dnnl_DIR}
    -DEXAMPLE=${PROJECT_SOURCE_DIR}/examples/library
    -DMODEL=${PROJECT_SOURCE_DIR}/tests/fixtures/llama/tied
    -DCORPUS=${PROJECT_SOURCE_DIR}/tests/fixtures/task/jsonl.jsonl
    -P ${PROJECT_SOURCE_DIR}/cmake/check_install.cmake)
endif()
