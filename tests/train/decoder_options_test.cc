// Adapters on every option of the common decoder: loss and all gradients are PEFT's, and so are
// the files.
#include <gtest/gtest.h>

#include <map>

#include "support/decoder_options.h"
#include "support/full.h"
#include "support/shows.h"
#include "train/full_weights.h"
#include "train/peft.h"

namespace relatum::testing {
namespace {

constexpr int64_t kAnswer = 8;  // tokens of the row's end, whose mean loss the fixture has

// Those whose gradients the fixture has: the others change nothing there.
std::vector<std::string> options_with_gradients() {
  const auto file = io::Safetensors::open(fixture("decoder/lora/expected.safetensors"));
  std::vector<std::string> names = decoder_option_names();
  std::erase_if(names, [&](const std::string& name) { return !file.find("grad." + name); });
  return names;
}

// The adapter for an option's linears.
std::string adapter_of(const std::string& option) {
  return option.starts_with("phi3") ? "decoder/lora_fused" : "decoder/lora";
}

class OptionAdapter : public ::testing::TestWithParam<std::string> {
 protected:
  nn::LossSum learn() {
    adapter_->enable_training();
    const auto row = read_ints(io::Safetensors::open(fixture("decoder/weights.safetensors")),
                               "input_ids");
    const auto begin = int64_t(row.size()) - kAnswer;
    std::vector<int64_t> places;
    for (int64_t i = 0; i < kAnswer; ++i) places.push_back(begin - 1 + i);
    Arena arena;
    nn::Graph graph(arena, DType::kF32, true);
    const nn::TokenBatch batch = single(row);
    arch::ForwardOptions options;
    options.rows = places;
    options.adapter = &adapter_->set();
    const nn::Var states = model_->forward(graph, batch, options);
    const nn::LossSum loss = nn::head_cross_entropy(graph, *model_->head(), states,
                                                    std::span(row).last(kAnswer));
    graph.backward();
    return loss;
  }

  // Of the mean loss, in PEFT's names and layout.
  std::map<std::string, Matrix<float>> gradients() const {
    std::map<std::string, Matrix<float>> all;
    const auto mean = [](float sum) { return sum / float(kAnswer); };
    for (const train::AdapterModule& m : adapter_->modules()) {
      const float* a = adapter_->grads().data() + m.a_offset;
      const float* b = adapter_->grads().data() + m.b_offset;
      Matrix<float> of_a(m.rank, m.in), of_b(m.out, m.rank);
      std::transform(a, a + m.rank * m.in, of_a.row(0), mean);
      for (int64_t r = 0; r < m.rank; ++r) {
        for (int64_t i = 0; i < m.out; ++i) of_b.row(i)[r] = mean(b[r * m.out + i]);
      }
      all.emplace(m.name + ".lora_A.weight", std::move(of_a));
      all.emplace(m.name + ".lora_B.weight", std::move(of_b));
    }
    return all;
  }

  std::unique_ptr<arch::Model> model_ = OptionFolder(decoder_options().at(GetParam())).load();
  std::unique_ptr<train::Adapter> adapter_ = train::load_peft(fixture(adapter_of(GetParam())),
                                                              *model_, DType::kF32);
  io::Safetensors expected_ = io::Safetensors::open(fixture("decoder/lora/expected.safetensors"));
};

TEST_P(OptionAdapter, GradientsArePefts) {
  shows(row_of_option(GetParam()), {"gradients", "adapter"});
  const nn::LossSum loss = learn();
  const double want = double(read_scalar(expected_, "loss." + GetParam()));
  EXPECT_EQ(loss.count, kAnswer);
  EXPECT_NEAR(loss.sum / double(kAnswer), want, want * parity_bound(*model_));
  const auto got = gradients();
  const Matrix<float> flat = read_matrix(expected_, "grad." + GetParam());
  // Two factors for each linear of two layers.
  ASSERT_EQ(got.size(), adapter_of(GetParam()) == "decoder/lora" ? 28u : 16u);
  int64_t begin = 0;
  for (const auto& [name, gradient] : got) {
    const int64_t size = gradient.view().size();
    ASSERT_LE(begin + size, flat.cols());
    const MatView<const float> part{flat.row(0) + begin, gradient.rows(), gradient.cols()};
    EXPECT_LT(distance(gradient.view(), part), gradient_bound(*model_)) << name;
    begin += size;
  }
  EXPECT_EQ(begin, flat.cols());
}

TEST_P(OptionAdapter, IsWrittenAsPeftDoes) {
  shows(row_of_option(GetParam()), {"adapter"});
  const TemporaryFolder folder;
  train::save_peft(folder.path(), *adapter_, "decoder");
  const auto theirs = io::Safetensors::open(
      fixture(adapter_of(GetParam()) + "/adapter_model.safetensors"));
  const auto ours = io::Safetensors::open(folder / "adapter_model.safetensors");
  ASSERT_EQ(ours.tensors().size(), theirs.tensors().size());
  for (const auto& tensor : theirs.tensors()) {
    const auto& own = ours.tensor(tensor.name);
    EXPECT_EQ(own.shape, tensor.shape);
    EXPECT_TRUE(std::ranges::equal(own.bytes, tensor.bytes)) << tensor.name;
  }
}

// All weights trained: biases, norms of heads and those behind attention and MLP among them.
class FamilyWeights : public ::testing::TestWithParam<const char*> {};

TEST_P(FamilyWeights, EveryGradientIsThatOfPyTorch) {
  const auto model = OptionFolder(decoder_options().at(GetParam())).load();
  train::FullWeights weights(*model);
  weights.enable_training();
  const auto row = read_ints(io::Safetensors::open(fixture("decoder/weights.safetensors")),
                             "input_ids");
  std::vector<int64_t> places;
  for (int64_t i = 0; i < kAnswer; ++i) places.push_back(int64_t(row.size()) - kAnswer - 1 + i);
  Arena arena;
  nn::Graph graph(arena, DType::kF32, true, weights.weight_gradients());
  const nn::TokenBatch batch = single(row);
  arch::ForwardOptions options;
  options.rows = places;
  const nn::Var states = model->forward(graph, batch, options);
  nn::head_cross_entropy(graph, *model->head(), states, std::span(row).last(kAnswer));
  graph.backward();
  for (float& value : weights.grads()) value /= float(kAnswer);
  const auto file = io::Safetensors::open(fixture("decoder/full.safetensors"));
  size_t read = 0;
  for (const train::FullTensor& tensor : weights.tensors()) {
    const MatView<const float> got{weights.grads().data() + tensor.offset, tensor.rows,
                                   tensor.cols};
    const std::string name = std::string(GetParam()) + "." + tensor.name;
    const double bound = gradient_bound(*model);
    if (tensor.rows == 1) {
      EXPECT_LT(distance(got, read_matrix(file, name).view()), bound) << name;
      ++read;
      continue;
    }
    EXPECT_LT(distance(projected(got, true), read_matrix(file, name + ".rows")), bound) << name;
    EXPECT_LT(distance(projected(got, false), read_matrix(file, name + ".cols")), bound) << name;
    read += 2;
  }
  size_t there = 0;
  for (const auto& tensor : file.tensors()) {
    there += tensor.name.starts_with(std::string(GetParam()) + ".");
  }
  EXPECT_EQ(read, there);
}

INSTANTIATE_TEST_SUITE_P(Fixtures, FamilyWeights,
                         ::testing::Values("qwen2", "qwen3", "gemma3", "phi3"));

INSTANTIATE_TEST_SUITE_P(Fixtures, OptionAdapter, ::testing::ValuesIn(options_with_gradients()),
                         [](const auto& test) { return test.param; });

}  // namespace
}  // namespace relatum::testing
