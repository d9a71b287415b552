# Finds the system's libraries; nothing is vendored and nothing is fetched.
find_package(Threads REQUIRED)
find_package(OpenMP REQUIRED COMPONENTS CXX)
find_package(dnnl REQUIRED)
if(dnnl_VERSION VERSION_LESS 2.6 OR dnnl_VERSION VERSION_GREATER_EQUAL 4)
  message(FATAL_ERROR "Relatum builds with oneDNN 2 (from 2.6 on) and oneDNN 3, but ${dnnl_DIR} is "
                      "oneDNN ${dnnl_VERSION}: name another one's folder by -Ddnnl_DIR=….")
endif()
# Its threads have to be ours: parallel loops of ours run its products, and others stay idle.
if(NOT DNNL_CPU_RUNTIME STREQUAL "OMP")
  message(FATAL_ERROR "Relatum needs a oneDNN that was built for OpenMP's threads, but "
                      "${dnnl_DIR} was built for ${DNNL_CPU_RUNTIME}: name another one's folder by "
                      "-Ddnnl_DIR=….")
endif()
# Debian's FAISS is a static library that wants a BLAS with libgomp's threads. Ubuntu 24.04 has no
# package of it: our own products then find a query's candidates, with the same neighbours.
find_package(faiss QUIET)
if(faiss_FOUND)
  find_package(BLAS REQUIRED)
  find_package(LAPACK REQUIRED)
else()
  message(STATUS "FAISS is not there: nearest neighbours are found by our own products")
endif()
find_package(nlohmann_json REQUIRED)
find_package(Eigen3 REQUIRED NO_MODULE)
find_package(Boost REQUIRED)  # Math, which is headers alone
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(CLI11 REQUIRED)
find_package(tomlplusplus REQUIRED)
find_package(ICU REQUIRED COMPONENTS uc i18n)
find_package(LibXml2 REQUIRED)  # the HTML parser
find_package(SQLite3 REQUIRED)
find_package(OpenSSL REQUIRED COMPONENTS Crypto)
# It has no CMake files; pkg-config also names its trainer, which nobody here uses.
find_library(RELATUM_SENTENCEPIECE sentencepiece)
find_path(RELATUM_SENTENCEPIECE_INCLUDE sentencepiece_processor.h)
if(NOT RELATUM_SENTENCEPIECE OR NOT RELATUM_SENTENCEPIECE_INCLUDE)
  message(FATAL_ERROR "Relatum needs SentencePiece's library and header (Debian and Ubuntu: "
                      "libsentencepiece-dev).")
endif()
# The same holds for serd, which writes RDF.
find_library(RELATUM_SERD serd-0)
find_path(RELATUM_SERD_INCLUDE serd/serd.h PATH_SUFFIXES serd-0)
if(NOT RELATUM_SERD OR NOT RELATUM_SERD_INCLUDE)
  message(FATAL_ERROR "Relatum needs serd's library and header (Debian and Ubuntu: libserd-dev).")
endif()
if(RELATUM_TESTS)
  find_package(GTest REQUIRED)
endif()
