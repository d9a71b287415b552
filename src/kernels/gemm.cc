// oneDNN's matmul behind gemm(): one compiled primitive per shape, kept in a bounded cache.
#include "kernels/gemm.h"

#include <array>
#include <atomic>
#include <cstring>
#include <mutex>
#include <oneapi/dnnl/dnnl.hpp>
#include <type_traits>
#include <unordered_map>
#include <vector>

#include "base/error.h"
#include "base/rng.h"
#include "base/shared_machine.h"
#include "base/signals.h"
#include "kernels/cpu.h"
#include "kernels/rows.h"
#include "tensor/buffer.h"

namespace relatum::kernels {

struct PackedMatrix::Layout {
  dnnl::memory memory;
  std::vector<float> scales;  // of a quantised one's columns
};

namespace {

constexpr size_t kMaxKernels = 1024;  // some hundred kB each; cleared when full
constexpr int64_t kPackedFor = 512;   // rows that a packed layout is chosen for; others take it too

dnnl::memory::data_type dnnl_type(DType type) {
  using Type = dnnl::memory::data_type;
  RELATUM_CHECK(type != DType::kI32);
  return type == DType::kBF16 ? Type::bf16 : type == DType::kI8 ? Type::s8 : Type::f32;
}

// Everything that a compiled primitive depends on.
struct Key {
  int64_t m, n, k, lda, ldb, ldc, ldadd;
  int32_t flags, alpha_bits;
  bool operator==(const Key&) const = default;
};

struct KeyHash {
  size_t operator()(const Key& key) const {
    uint64_t h = 0;
    for (const int64_t v : {key.m, key.n, key.k, key.lda, key.ldb, key.ldc, key.ldadd,
                            int64_t{key.flags}, int64_t{key.alpha_bits}}) {
      h = mix64(h ^ uint64_t(v)) + 0x9e3779b97f4a7c15ull;
    }
    return h;
  }
};

// A compiled product and the places of its arguments, whose addresses change from call to call.
struct Kernel {
  dnnl::matmul primitive;
  dnnl::memory a, b, c, scales, add, bias;
};

// The shape of the product and where its parts lie.
struct Shape {
  int64_t m, n, k;
};

Shape shape_of(const GemmArgs& g) {
  const int64_t m = g.transpose_a ? g.a.cols : g.a.rows;
  const int64_t k = g.transpose_a ? g.a.rows : g.a.cols;
  const int64_t n = g.packed ? g.packed->cols() : g.transpose_b ? g.b.rows : g.b.cols;
  RELATUM_CHECK(k == (g.packed ? g.packed->rows() : g.transpose_b ? g.b.cols : g.b.rows));
  RELATUM_CHECK(g.a.type == (g.packed ? g.packed->type() : g.b.type));
  RELATUM_CHECK(g.c.rows == m && g.c.cols == n);
  const bool integers = g.a.type == DType::kI8;
  RELATUM_CHECK(g.c.type == DType::kF32 ||
                (g.c.type == DType::kBF16 && (integers || g.a.type == DType::kBF16)));
  RELATUM_CHECK(!integers || (g.packed && !g.transpose_a && !g.accumulate));
  RELATUM_CHECK(!g.add.data || (g.add.rows == m && g.add.cols == n && g.add.type == DType::kF32 &&
                                g.c.type == DType::kF32));
  RELATUM_CHECK(!g.bias.data || (g.bias.cols == n && g.bias.type == DType::kF32));
  return {m, n, k};
}

// Rows to compute: more than there are where all matrices have room for them.
int64_t computed_rows(const GemmArgs& g, int64_t m) {
  if (g.transpose_a) return m;
  const int64_t more = rounded_rows(m) - m;
  const bool room = g.a.spare >= more && g.c.spare >= more && (!g.add.data || g.add.spare >= more);
  return room ? m + more : m;
}

Key key_of(const GemmArgs& g, const Shape& s) {
  int32_t alpha_bits;
  std::memcpy(&alpha_bits, &g.alpha, sizeof alpha_bits);
  const int32_t flags = int32_t(g.a.type == DType::kBF16) | int32_t(g.c.type == DType::kBF16) << 1 |
                        int32_t(g.transpose_a) << 2 | int32_t(g.transpose_b) << 3 |
                        int32_t(g.accumulate) << 4 | int32_t(g.add.data != nullptr) << 5 |
                        int32_t(g.bias.data != nullptr) << 6 | int32_t(g.packed != nullptr) << 7 |
                        int32_t(g.a.type == DType::kI8) << 8;
  return {s.m, s.n, s.k, g.a.stride, g.b.stride, g.c.stride, g.add.stride, flags, alpha_bits};
}

dnnl::memory::desc describe(int64_t rows, int64_t cols, DType type, int64_t stride,
                            bool transposed) {
  const dnnl::memory::dims strides = transposed ? dnnl::memory::dims{1, stride}
                                                : dnnl::memory::dims{stride, 1};
  return {dnnl::memory::dims{rows, cols}, dnnl_type(type), strides};
}

const dnnl::engine& engine() {
  static const dnnl::engine instance(dnnl::engine::kind::cpu, 0);
  return instance;
}

// Debian 12 has oneDNN 2, Debian 13 and Ubuntu 24.04 have oneDNN 3, which describes a product
// without a descriptor of its own and scales outputs by an operation after the product.
constexpr bool kScalesAfterwards = DNNL_VERSION_MAJOR >= 3;

dnnl::matmul::primitive_desc matmul_of(const dnnl::memory::desc& a, const dnnl::memory::desc& b,
                                       const dnnl::memory::desc& c,
                                       const dnnl::primitive_attr& attributes) {
#if DNNL_VERSION_MAJOR >= 3
  return {engine(), a, b, c, attributes};
#else
  return {dnnl::matmul::desc(a, b, c), attributes, engine()};
#endif
}

void scale_output(float alpha, dnnl::primitive_attr& attributes, dnnl::post_ops& after) {
#if DNNL_VERSION_MAJOR >= 3
  (void)attributes;
  after.append_eltwise(dnnl::algorithm::eltwise_linear, alpha, 0.0f);
#else
  (void)after;
  attributes.set_output_scales(0, {alpha});
#endif
}

Kernel build(const GemmArgs& g, const Shape& s) {
  Kernel kernel;
  const auto place = [](const dnnl::memory::desc& desc) {
    return dnnl::memory(desc, engine(), DNNL_MEMORY_NONE);
  };
  const dnnl::memory::desc a = describe(s.m, s.k, g.a.type, g.a.stride, g.transpose_a),
                           c = describe(s.m, s.n, g.c.type, g.c.stride, false);
  const dnnl::memory::desc b = g.packed ? g.packed->layout().memory.get_desc()
                                        : describe(s.k, s.n, g.b.type, g.b.stride, g.transpose_b);
  kernel.a = place(a);
  kernel.b = place(b);
  kernel.c = place(c);
  dnnl::primitive_attr attributes;
  dnnl::post_ops after;
  if (g.alpha != 1.0f) scale_output(g.alpha, attributes, after);
  if (g.accumulate) after.append_sum(1.0f);
  if (g.a.type == DType::kI8) {
    const dnnl::memory::desc scales = describe(1, s.n, DType::kF32, s.n, false);
    after.append_binary(dnnl::algorithm::binary_mul, scales);
    kernel.scales = place(scales);
  }
  if (g.add.data) {
    const dnnl::memory::desc add = describe(s.m, s.n, g.add.type, g.add.stride, false);
    after.append_binary(dnnl::algorithm::binary_add, add);
    kernel.add = place(add);
  }
  if (g.bias.data) {
    const dnnl::memory::desc bias = describe(1, s.n, g.bias.type, s.n, false);
    after.append_binary(dnnl::algorithm::binary_add, bias);
    kernel.bias = place(bias);
  }
  attributes.set_post_ops(after);
  kernel.primitive = dnnl::matmul(matmul_of(a, b, c, attributes));
  return kernel;
}

// oneDNN takes the places of what it reads and of what it writes alike.
void* handle(const void* data) { return const_cast<void*>(data); }

// By oneDNN's C interface: the C++ one builds a vector for each call.
void execute(const Kernel& kernel, const GemmArgs& g, const dnnl::stream& stream) {
  std::array<dnnl_exec_arg_t, 6> arguments;
  int count = 0;
  const auto set = [&](int name, const dnnl::memory& memory, const void* data) {
    memory.set_data_handle(handle(data));
    arguments[size_t(count++)] = {name, memory.get()};
  };
  set(DNNL_ARG_SRC, kernel.a, g.a.data);
  set(DNNL_ARG_WEIGHTS, kernel.b,
      g.packed ? g.packed->layout().memory.get_data_handle() : g.b.data);
  set(DNNL_ARG_DST, kernel.c, g.c.data);
  int post = int(kScalesAfterwards && g.alpha != 1.0f) + int(g.accumulate);
  const auto operand = [&] { return DNNL_ARG_ATTR_MULTIPLE_POST_OP(post++) | DNNL_ARG_SRC_1; };
  if (kernel.scales) {
    set(operand(), kernel.scales, g.packed->layout().scales.data());
  }
  if (g.add.data) set(operand(), kernel.add, g.add.data);
  if (g.bias.data) set(operand(), kernel.bias, g.bias.data);
  const dnnl_primitive_t primitive = kernel.primitive.get();
  dnnl::error::wrap_c_api(dnnl_primitive_execute(primitive, stream.get(), count, arguments.data()),
                          "could not execute a product");
}

// Compiled products. One runs at a time: it uses all threads.
class Cache {
 public:
  void run(const GemmArgs& g, const Shape& s) {
    const SignalsHeld held;
    share_machine();
    const std::lock_guard lock(mutex_);
    execute(find(g, s), g, stream_);
    stream_.wait();
  }

  std::atomic<int64_t> built{0};

 private:
  const Kernel& find(const GemmArgs& g, const Shape& s) {
    const Key key = key_of(g, s);
    if (const auto it = kernels_.find(key); it != kernels_.end()) return it->second;
    if (kernels_.size() >= kMaxKernels) kernels_.clear();
    ++built;
    return kernels_.emplace(key, build(g, s)).first->second;
  }

  std::mutex mutex_;
  dnnl::stream stream_{engine()};
  std::unordered_map<Key, Kernel, KeyHash> kernels_;
};

Cache& cache() {
  static Cache instance;
  return instance;
}

template <class T>
void store(T* place, float x) {
  if constexpr (std::is_same_v<T, bf16>) {
    *place = to_bf16(x);
  } else {
    *place = x;
  }
}

// c of a product that is there already, or, without one, that is empty. Nothing calls it in a hot
// loop.
template <class T>
void add_up(const GemmArgs& g, const Matrix<float>* product) {
  const auto c = g.c.as<T>();
  for (int64_t i = 0; i < c.rows; ++i) {
    for (int64_t j = 0; j < c.cols; ++j) {
      float x = g.accumulate ? to_float(c.row(i)[j]) : 0.0f;
      if (product) x += g.alpha * product->row(i)[j];
      if (g.add.data) x += g.add.as<float>().row(i)[j];
      if (g.bias.data) x += g.bias.as<float>().row(0)[j];
      store(c.row(i) + j, x);
    }
  }
}

void add_up(const GemmArgs& g, const Matrix<float>* product) {
  g.c.type == DType::kBF16 ? add_up<bf16>(g, product) : add_up<float>(g, product);
}

// One row or one column that is scaled and then added to what was there: oneDNN 3 gives wrong
// values, and writes beyond a row of c (3.7.2 with AVX2, tests/kernels/gemm_test.cc).
bool needs_two_steps(const GemmArgs& g, const Shape& s) {
  return kScalesAfterwards && (s.m == 1 || s.n == 1) && g.accumulate && g.alpha != 1.0f;
}

void multiply_then_add(const GemmArgs& g, const Shape& s) {
  Matrix<float> product(s.m, s.n);
  GemmArgs plain = g;
  plain.c = product.view();
  plain.accumulate = false;
  plain.alpha = 1.0f;
  plain.add = {};
  plain.bias = {};
  cache().run(plain, s);
  add_up(g, &product);
}

}  // namespace

void gemm(const GemmArgs& g) {
  Shape s = shape_of(g);
  if (s.m == 0 || s.n == 0) return;
  if (s.k == 0) return add_up(g, nullptr);
  if (needs_two_steps(g, s)) return multiply_then_add(g, s);
  s.m = computed_rows(g, s.m);
  cache().run(g, s);
}

bool packing_pays(DType type) { return type != DType::kF32 || isa() != Isa::kAvx2; }

int64_t gemm_kernels_built() { return cache().built; }

namespace {

// b (K x N, or stored N x K) in the layout that products of its type like.
dnnl::memory pack(const ConstMat& b, bool transposed) {
  const int64_t k = transposed ? b.cols : b.rows, n = transposed ? b.rows : b.cols;
  RELATUM_CHECK(k > 0 && n > 0);
  const SignalsHeld held;
  const DType out = b.type == DType::kI8 ? DType::kF32 : b.type;
  const auto matrix = [](int64_t rows, int64_t cols, DType type, bool any) {
    using Tag = dnnl::memory::format_tag;
    return dnnl::memory::desc({rows, cols}, dnnl_type(type), any ? Tag::any : Tag::ab);
  };
  const auto product = matmul_of(matrix(kPackedFor, k, b.type, false), matrix(k, n, b.type, true),
                                 matrix(kPackedFor, n, out, false), {});
  dnnl::memory source(describe(k, n, b.type, b.stride, transposed), engine(), handle(b.data));
  dnnl::memory packed(product.weights_desc(), engine());
  dnnl::stream stream(engine());
  dnnl::reorder(source, packed).execute(stream, source, packed);
  stream.wait();
  return packed;
}

}  // namespace

PackedMatrix::PackedMatrix(const ConstMat& b, bool transposed)
    : type_(b.type), rows_(transposed ? b.cols : b.rows), cols_(transposed ? b.rows : b.cols),
      layout_(std::make_shared<Layout>(Layout{pack(b, transposed), {}})) {}

PackedMatrix PackedMatrix::quantised(MatView<const float> weight) {
  PackedMatrix result;
  result.type_ = DType::kI8;
  result.rows_ = weight.cols;
  result.cols_ = weight.rows;
  std::vector<int8_t> codes(size_t(weight.size()));
  std::vector<float> scales(size_t(weight.rows));
  const MatView<int8_t> rows(codes.data(), weight.rows, weight.cols);
  quantise_rows(weight, rows, scales);
  result.layout_ = std::make_shared<Layout>(Layout{pack(rows, true), std::move(scales)});
  return result;
}

size_t PackedMatrix::bytes() const { return layout_ ? layout_->memory.get_desc().get_size() : 0; }

}  // namespace relatum::kernels
