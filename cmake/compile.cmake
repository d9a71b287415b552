# Warnings, sanitizers and the instruction sets that the fast kernels are compiled for.
add_library(relatum_options INTERFACE)
# Warnings are for this project's own code; programs that use the library choose theirs.
target_compile_options(relatum_options INTERFACE
  $<BUILD_INTERFACE:-Wall> $<BUILD_INTERFACE:-Wextra> $<BUILD_INTERFACE:-Wpedantic>
  $<BUILD_INTERFACE:-Wshadow> $<BUILD_INTERFACE:-Wnon-virtual-dtor>
  $<BUILD_INTERFACE:-Wno-missing-field-initializers>
  $<BUILD_INTERFACE:$<$<BOOL:${RELATUM_WERROR}>:-Werror>>)
if(RELATUM_SANITIZE)
  target_compile_options(relatum_options INTERFACE
    -fsanitize=${RELATUM_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(relatum_options INTERFACE -fsanitize=${RELATUM_SANITIZE})
endif()
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "" FORCE)
endif()
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -DNDEBUG")

# Each kernel file under kernels/isa is compiled once per set; kernels/dispatch.cc picks at run
# time.
# -fno-math-errno and -fno-trapping-math let loops vectorise and change no result.
set(RELATUM_ISA_COMMON -O3 -fno-math-errno -fno-trapping-math -fopenmp-simd)
set(RELATUM_ISA_avx2 ${RELATUM_ISA_COMMON} -mavx2 -mfma -mf16c)
set(RELATUM_ISA_avx512 ${RELATUM_ISA_COMMON} -mavx2 -mfma -mf16c -mavx512f -mavx512bw -mavx512vl
    -mavx512dq -mprefer-vector-width=512)
