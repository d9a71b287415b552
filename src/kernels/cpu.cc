// CPU detection and the limit given to oneDNN.
#include "kernels/cpu.h"

#include <cpuid.h>
#include <fmt/format.h>

#include <oneapi/dnnl/dnnl.hpp>

#include "base/error.h"
#include "base/known_names.h"

namespace relatum::kernels {
namespace {

Isa detect() {
  if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma")) {
    fail("kernels.cpu", "this CPU has no AVX2, which Relatum needs. Use a machine from 2014 on.");
  }
  const bool wide = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                    __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq");
  return wide ? Isa::kAvx512 : Isa::kAvx2;
}

Isa& current() {
  static Isa value = detect();
  return value;
}

bool g_limited = false;  // to AVX2, which holds until the process ends

}  // namespace

Isa isa() { return current(); }

void set_isa(std::string_view name) {
  if (name == "auto") return;
  if (name != "avx2" && name != "avx512") {
    fail("kernels.cpu", unknown_name("instruction set", name, {"auto", "avx2", "avx512"}));
  }
  if (name == "avx512") {
    if (detect() != Isa::kAvx512) {
      fail("kernels.cpu", "this CPU has no AVX-512. Use --isa auto or --isa avx2.");
    }
    if (g_limited) {
      fail("kernels.cpu",
           "this process was limited to AVX2 before, which cannot be undone. Use "
           "one instruction set for all of it.");
    }
    return;
  }
  if (g_limited) return;
  if (dnnl::set_max_cpu_isa(dnnl::cpu_isa::avx2) != dnnl::status::success) {
    fail("kernels.cpu", "the instruction set was chosen after the first product was computed.");
  }
  current() = Isa::kAvx2;
  g_limited = true;
}

bool has_fast_bf16() { return isa() == Isa::kAvx512 && __builtin_cpu_supports("avx512bf16"); }

bool has_vnni() {
  static const bool narrow = [] {  // AVX-VNNI, which not every compiler knows by a name
    unsigned a = 0, b = 0, c = 0, d = 0;
    return __get_cpuid_count(7, 1, &a, &b, &c, &d) != 0 && (a & 1u << 4) != 0;
  }();
  return isa() == Isa::kAvx512 ? __builtin_cpu_supports("avx512vnni") : narrow && !g_limited;
}

DType compute_type(std::string_view name) {
  if (name == "auto") return has_fast_bf16() ? DType::kBF16 : DType::kF32;
  if (name == "f32") return DType::kF32;
  if (name == "int8") return compute_type("auto");
  if (name != "bf16") {
    fail("kernels.cpu", unknown_name("compute type", name, {"auto", "bf16", "f32", "int8"}));
  }
  if (isa() != Isa::kAvx512) {
    fail("kernels.cpu", "bf16 products need AVX-512 here. Use --compute f32 or --compute auto.");
  }
  return DType::kBF16;
}

std::string int8_summary() {
  if (isa() == Isa::kAvx512 && has_vnni()) return "8 bits by oneDNN, AVX512_VNNI";
  return fmt::format("8 bits times up to 14, {}", has_vnni()              ? "AVX-VNNI"
                                                  : isa() == Isa::kAvx512 ? "AVX-512"
                                                                          : "AVX2");
}

std::string cpu_summary() {
  return fmt::format("{}{}", isa() == Isa::kAvx512 ? "avx512" : "avx2",
                     has_fast_bf16() ? " with bf16" : "");
}

}  // namespace relatum::kernels
