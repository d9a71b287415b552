// A model folder as transformers opens it, in f32.
#include "train/full_folder.h"

#include <nlohmann/json.hpp>

#include "base/atomic_file.h"
#include "base/durable.h"
#include "base/whole_folder.h"
#include "io/json.h"
#include "io/safetensors.h"
#include "train/model_copy.h"

namespace relatum::train {
namespace {

namespace fs = std::filesystem;

nlohmann::json config_of(const FullWeights& weights, const fs::path& base) {
  nlohmann::json config = config_in_type(base, "float32");
  const bool own_head = weights.tensors().back().name == "lm_head.weight";
  const bool encoder = weights.tensors()[0].name.ends_with("word_embeddings.weight");  // no head
  if (!own_head && !encoder && !config.contains("tie_word_embeddings")) {
    config["tie_word_embeddings"] = true;
  }
  if (weights.added_words()) config["vocab_size"] = weights.tensors()[0].rows;
  return config;
}

void write_weights(const fs::path& file, const FullWeights& weights) {
  std::vector<io::SafetensorsOutput> tensors;
  for (const FullTensor& tensor : weights.tensors()) {
    std::vector<int64_t> shape{tensor.cols};
    if (!tensor.vector) shape.insert(shape.begin(), tensor.rows);
    const auto values = weights.values().subspan(size_t(tensor.offset),
                                                 size_t(tensor.rows * tensor.cols));
    tensors.push_back({tensor.name, "F32", std::move(shape), std::as_bytes(values)});
  }
  io::write_safetensors(file, std::move(tensors), {{"format", "pt"}});
}

}  // namespace

fs::path full_folder(const fs::path& run) { return run / "model"; }

void remove_full(const fs::path& run) {
  for (const fs::path& left : temporaries_of(full_folder(run))) fs::remove_all(left);
  fs::remove_all(full_folder(run));
}

void save_full(const fs::path& run, const FullWeights& weights, const fs::path& base) {
  WholeFolder folder(full_folder(run));
  write_weights(folder.path() / "model.safetensors", weights);
  write_file(folder.path() / "config.json", io::dump_json(config_of(weights, base), 2) + "\n");
  copy_model_files(base, folder.path());
  folder.commit();
}

}  // namespace relatum::train
