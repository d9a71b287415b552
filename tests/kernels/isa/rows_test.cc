// Holds the row loops of each instruction set to their scalar twins, over all lengths.
#include <gtest/gtest.h>

#include "kernels/ref/activations.h"
#include "kernels/ref/hadamard.h"
#include "kernels/ref/norms.h"
#include "kernels/ref/rope.h"
#include "support/isa.h"
#include "support/numbers.h"

namespace relatum::testing {
namespace {

using namespace kernels;

template <class T>
class RowLoops : public ::testing::Test {
 protected:
  // Calls body(table, typed table, length, name) for each set and length.
  template <class Body>
  void sweep(const Body& body) {
    for (const NamedTable& named : tables()) {
      for (const int64_t n : lengths()) {
        body(*named.table, typed<T>(*named.table), n, named.name + " n=" + std::to_string(n));
      }
    }
  }
};
using Types = ::testing::Types<float, bf16>;
TYPED_TEST_SUITE(RowLoops, Types);

constexpr float kEpsilon = 0x1p-17f;  // near 1e-5, exact in f32

TYPED_TEST(RowLoops, RmsNorm) {
  using T = TypeParam;
  this->sweep([](const Table&, const TypedTable<T>& t, int64_t n, const std::string& name) {
    auto x = Gapped<float>::random(1, n, 1, 3), w = Gapped<float>::random(1, n, 2);
    Gapped<T> y(1, n);
    const float rstd = t.rmsnorm(x.view().data, w.view().data, y.view().data, kEpsilon, n);
    EXPECT_TRUE(y.gaps_kept()) << name;
    if (n == 0) return;
    const auto at = x.template row<Running>(0);
    const Running want = ref::rms_scale(at, double(kEpsilon));
    expect_close<float>(double(rstd), want, name);
    expect_row_close(y, 0, 0, ref::rmsnorm(at, w.template row<Running>(0), double(kEpsilon)), name);
  });
}

TYPED_TEST(RowLoops, Hadamard) {
  using T = TypeParam;
  this->sweep([](const Table&, const TypedTable<T>& t, int64_t n, const std::string& name) {
    auto x = Gapped<T>::random(1, n, 1, 3);
    Gapped<float> y(1, n);
    t.hadamard(x.view().data, y.view().data, n);
    EXPECT_TRUE(y.gaps_kept()) << name;
    expect_row_close(y, 0, 0, ref::hadamard(x.template row<Running>(0)), name);
  });
}

TYPED_TEST(RowLoops, RmsNormBackwardAddsToTheGradient) {
  using T = TypeParam;
  this->sweep([](const Table&, const TypedTable<T>& t, int64_t n, const std::string& name) {
    auto x = Gapped<float>::random(1, n, 1, 3), w = Gapped<float>::random(1, n, 2);
    auto dx = Gapped<float>::random(1, n, 4);
    auto dy = Gapped<T>::random(1, n, 3);
    const auto before = dx.template row<Running>(0);
    constexpr float kRstd = 0.625f;
    t.rmsnorm_backward(dy.view().data, x.view().data, w.view().data, kRstd, dx.view().data, n);
    EXPECT_TRUE(dx.gaps_kept()) << name;
    if (n == 0) return;
    auto want = ref::rmsnorm_backward(dy.template row<Running>(0), x.template row<Running>(0),
                                      w.template row<Running>(0), Running(double(kRstd)));
    for (size_t i = 0; i < want.size(); ++i) want[i] += before[i];
    expect_row_close(dx, 0, 0, want, name);
  });
}

constexpr Activation kAll[] = {Activation::kSilu, Activation::kGelu, Activation::kGeluTanh,
                               Activation::kRelu};
static_assert(std::size(kAll) == kActivations);

std::string name_of_activation(Activation f, const std::string& name) {
  return name + ", activation " + std::to_string(int(f));
}

TYPED_TEST(RowLoops, GatedActivations) {
  using T = TypeParam;
  this->sweep([](const Table&, const TypedTable<T>& t, int64_t n, const std::string& set) {
    auto up = Gapped<T>::random(1, n, 2), dy = Gapped<T>::random(1, n, 3);
    for (const Activation f : kAll) {
      // Further out, those of gelu are below the smallest normal float.
      auto gate = Gapped<T>::random(1, n, 1, f == Activation::kSilu ? 12 : 5);
      const std::string name = name_of_activation(f, set);
      Gapped<T> y(1, n), dgate(1, n), dup(1, n);
      const ActivationLoops<T>& loops = t.activations[int(f)];
      loops.gated(gate.view().data, up.view().data, y.view().data, n);
      loops.gated_backward(dy.view().data, gate.view().data, up.view().data, dgate.view().data,
                           dup.view().data, n);
      EXPECT_TRUE(y.gaps_kept() && dgate.gaps_kept() && dup.gaps_kept()) << name;
      for (int64_t i = 0; i < n; ++i) {
        const Running g(gate.get(0, i)), u(up.get(0, i));
        expect_close<T>(y.get(0, i), ref::gate(f, g, u), name);
        const auto d = ref::gate_backward(f, Running(dy.get(0, i)), g, u);
        expect_close<T>(dgate.get(0, i), d.gate, name);
        expect_close<T>(dup.get(0, i), d.up, name);
      }
    }
  });
}

TYPED_TEST(RowLoops, ActivationsOfExtremesAreFinite) {
  using T = TypeParam;
  this->sweep([](const Table&, const TypedTable<T>& t, int64_t n, const std::string& name) {
    Gapped<T> gate(1, n), up(1, n), y(1, n);
    for (int64_t i = 0; i < n; ++i) {
      put(gate.at(0, i), i % 2 ? 200.0 : -200.0);
      put(up.at(0, i), 2.0);
    }
    for (const Activation f : kAll) {
      t.activations[int(f)].gated(gate.view().data, up.view().data, y.view().data, n);
      for (int64_t i = 0; i < n; ++i) {
        // sigmoid(-200) is below the smallest normal float: a result that small may be anything.
        const double smallest = 400 * double(std::numeric_limits<float>::min());
        EXPECT_NEAR(y.get(0, i), i % 2 ? 400.0 : 0.0, smallest) << name_of_activation(f, name);
      }
    }
  });
}

TYPED_TEST(RowLoops, PlainActivations) {
  using T = TypeParam;
  this->sweep([](const Table&, const TypedTable<T>& t, int64_t n, const std::string& set) {
    auto x = Gapped<T>::random(1, n, 1, 5), dy = Gapped<T>::random(1, n, 2);
    for (const Activation f : kAll) {
      const std::string name = name_of_activation(f, set);
      Gapped<T> y(1, n), dx(1, n);
      t.activations[int(f)].plain(x.view().data, y.view().data, n);
      t.activations[int(f)].plain_backward(dy.view().data, x.view().data, dx.view().data, n);
      EXPECT_TRUE(y.gaps_kept() && dx.gaps_kept()) << name;
      for (int64_t i = 0; i < n; ++i) {
        const Running at(x.get(0, i));
        expect_close<T>(y.get(0, i), ref::activate(f, at), name);
        expect_close<T>(dx.get(0, i), ref::activate_backward(f, Running(dy.get(0, i)), at), name);
      }
    }
  });
}

TYPED_TEST(RowLoops, Rope) {
  using T = TypeParam;
  this->sweep([](const Table&, const TypedTable<T>& t, int64_t half, const std::string& name) {
    constexpr int64_t kHeads = 3;
    auto x = Gapped<T>::random(1, kHeads * 2 * half, 1);
    auto cosine = Gapped<float>::random(1, half, 2), sine = Gapped<float>::random(1, half, 3);
    for (const double sign : {1.0, -1.0}) {
      auto y = x;
      t.rope(y.view().data, cosine.view().data, sine.view().data, float(sign), kHeads, half);
      EXPECT_TRUE(y.gaps_kept()) << name;
      auto signed_sine = sine.template row<Running>(0);
      for (Running& s : signed_sine) s.value *= sign;
      for (int64_t h = 0; h < kHeads; ++h) {
        const auto head = x.template row<Running>(0, h * 2 * half, 2 * half);
        expect_row_close(y, 0, h * 2 * half,
                         ref::rope(head, cosine.template row<Running>(0), signed_sine), name);
      }
    }
  });
}

TYPED_TEST(RowLoops, ConversionsRoundToNearestEven) {
  using T = TypeParam;
  this->sweep([](const Table&, const TypedTable<T>& t, int64_t n, const std::string& name) {
    auto x = Gapped<float>::random(1, n, 1, 1000);
    for (int64_t i = 0; i < n; i += 5) x.at(0, i) = 1.0f + float(i) * 0x1p-8f;  // many ties
    Gapped<T> y(1, n);
    Gapped<float> back(1, n);
    t.from_f32(x.view().data, y.view().data, n);
    t.to_f32(y.view().data, back.view().data, n);
    EXPECT_TRUE(y.gaps_kept() && back.gaps_kept()) << name;
    for (int64_t i = 0; i < n; ++i) {
      T want;
      put(want, x.get(0, i));
      EXPECT_EQ(y.get(0, i), double(to_float(want))) << name;
      EXPECT_EQ(back.get(0, i), double(to_float(want))) << name;
    }
  });
}

}  // namespace
}  // namespace relatum::testing
