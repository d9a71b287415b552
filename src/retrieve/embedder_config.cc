// Reads the files that sentence-transformers lays beside a model.
#include "retrieve/embedder_config.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>

#include "base/error.h"
#include "base/printable.h"
#include "io/json.h"
#include "retrieve/module_keys.h"

namespace relatum::retrieve {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr size_t kMostSteps = 8;  // embedders that are known have at most three
constexpr const char* kSettings = "config_sentence_transformers.json";

json load_if_there(const fs::path& file) {
  return fs::exists(file) ? io::load_json(file) : json::object();
}

/// "Pooling" of "sentence_transformers.models.Pooling".
std::string last_part(const std::string& type) { return type.substr(type.rfind('.') + 1); }

/// The folder of a module, which lies inside the model's own.
fs::path module_folder(const fs::path& folder, const json& module, const std::string& place) {
  const std::string name = io::require_string(module, "path", place);
  const fs::path relative(name);
  if (name.empty() || relative.is_absolute() || name.find("..") != std::string::npos) {
    fail("retrieve.embedder", fmt::format("{}: the path '{}' of a module is no folder inside the "
                                          "model's. Correct it, e.g. to 1_Pooling.",
                                          place, printable_start(name)));
  }
  return folder / relative;
}

/// Older files say it with one boolean per mode, newer ones with "pooling_mode": a name or a list.
std::vector<std::string> mode_names(const json& config, const std::string& place) {
  std::vector<std::string> names;
  const json* mode = io::find(config, "pooling_mode");
  if (mode && mode->is_array()) return io::require_strings(config, "pooling_mode", place);
  if (mode) return {io::require_string(config, "pooling_mode", place)};
  constexpr std::string_view kStart = "pooling_mode_";
  for (const auto& [key, value] : config.items()) {
    if (key.starts_with(kStart) && value == true) names.push_back(key.substr(kStart.size()));
  }
  return names;
}

std::vector<Pooling> read_pooling(const fs::path& file, int64_t width) {
  const json config = io::load_json(file);
  const std::string place = file.string();
  const char* size_key = io::find(config, "embedding_dimension") ? "embedding_dimension"
                                                                 : "word_embedding_dimension";
  const int64_t size = io::get_int(config, size_key, width, place);
  if (size != width) {
    fail("retrieve.embedder", fmt::format("{}: pools {} values, but the model's states have {}. "
                                          "The files do not belong together.",
                                          place, size, width));
  }
  if (!io::get_bool(config, "include_prompt", true, place)) {
    fail("retrieve.embedder", fmt::format("{}: a pooling that leaves the prompt out is not "
                                          "supported. Choose another embedder.",
                                          place));
  }
  std::vector<Pooling> modes;
  for (const std::string& name : mode_names(config, place)) {
    const auto mode = find_pooling(name);
    if (!mode) {
      fail("retrieve.embedder", fmt::format("{}: pooling '{}' is not known. Known are {}.", place,
                                            printable_start(name), pooling_names()));
    }
    modes.push_back(*mode);
  }
  if (modes.empty() || modes.size() > 6) {
    fail("retrieve.embedder", fmt::format("{}: {} kinds of pooling are named, expected one or a "
                                          "few. Known are {}.",
                                          place, modes.size(), pooling_names()));
  }
  check_keys(config,
             {"word_embedding_dimension", "embedding_dimension", "pooling_mode", "include_prompt",
              "pooling_mode_cls_token", "pooling_mode_max_tokens", "pooling_mode_mean_tokens",
              "pooling_mode_mean_sqrt_len_tokens", "pooling_mode_weightedmean_tokens",
              "pooling_mode_lasttoken"},
             place);
  // Of booleans, the order is sentence-transformers' own.
  if (!io::find(config, "pooling_mode")) std::sort(modes.begin(), modes.end());
  return modes;
}

class Modules {
 public:
  Modules(const fs::path& folder, int64_t width, EmbedderConfig& config)
      : folder_(folder), place_((folder / "modules.json").string()), width_(width),
        config_(config) {}

  void read() {
    const json modules = io::load_json(place_);
    if (!modules.is_array()) {
      fail("retrieve.embedder", fmt::format("{}: expected a list of modules.", place_));
    }
    config_.steps.clear();
    for (const json& module : modules) add(module);
    if (pooled_) return;
    fail("retrieve.embedder", fmt::format("{}: no module is a Pooling, so nothing says how one "
                                          "vector is made of a text's tokens. Choose another "
                                          "embedder.",
                                          place_));
  }

 private:
  void add(const json& module) {
    const std::string type = last_part(io::require_string(module, "type", place_));
    if (type == "Transformer") return add_transformer(module);
    if (type == "Pooling") return add_pooling(module);
    if (type == "Dropout") return;  // of training alone
    if (type != "Normalize" && type != "Dense") {
      fail("retrieve.embedder", fmt::format("{}: module '{}' is not known. Known are Transformer, "
                                            "Pooling, Dense, Normalize and Dropout: choose another "
                                            "embedder.",
                                            place_, printable_start(type)));
    }
    if (!pooled_) {
      fail("retrieve.embedder", fmt::format("{}: module '{}' stands before the pooling, which is "
                                            "not supported. Choose another embedder.",
                                            place_, type));
    }
    if (config_.steps.size() == kMostSteps) {
      fail("retrieve.embedder", fmt::format("{}: more than {} modules stand behind the pooling. "
                                            "Choose another embedder.",
                                            place_, kMostSteps));
    }
    SentenceStep step;
    if (type == "Normalize") check_normalize(module);
    if (type == "Dense") {
      step.dense = read_dense(module_folder(folder_, module, place_), config_.dimension);
      config_.dimension = step.dense->weight.rows();
    }
    config_.steps.push_back(std::move(step));
  }

  // Newer files say which of the module's inputs it takes.
  void check_normalize(const json& module) {
    const std::string path = io::get_string(module, "path", "", place_);
    if (path.empty()) return;
    const fs::path file = module_folder(folder_, module, place_) / "config.json";
    check_keys(load_if_there(file),
               {"module_input_name=sentence_embedding", "module_output_name=sentence_embedding"},
               file.string());
  }

  void add_transformer(const json& module) {
    const std::string path = io::get_string(module, "path", "", place_);
    if (path.empty() && !pooled_) return;
    fail("retrieve.embedder", fmt::format("{}: the Transformer is expected as the first module, "
                                          "in the folder itself (path ''), not in '{}'. Move its "
                                          "files up.",
                                          place_, printable_start(path)));
  }

  void add_pooling(const json& module) {
    if (pooled_) {
      fail("retrieve.embedder",
           fmt::format("{}: names a second pooling. Choose another embedder.", place_));
    }
    config_.pooling = read_pooling(module_folder(folder_, module, place_) / "config.json", width_);
    config_.dimension = width_ * int64_t(config_.pooling.size());
    pooled_ = true;
  }

  const fs::path& folder_;
  std::string place_;
  int64_t width_;
  EmbedderConfig& config_;
  bool pooled_ = false;
};

Similarity read_similarity(const json& settings, const std::string& place) {
  const std::string name = io::get_string(settings, "similarity_fn_name", "cosine", place);
  if (name == "cosine") return Similarity::kCosine;
  if (name == "dot") return Similarity::kDot;
  if (name == "euclidean") return Similarity::kEuclidean;
  if (name == "manhattan") return Similarity::kManhattan;
  fail("retrieve.embedder", fmt::format("{}: similarity_fn_name '{}' is not known. Known are "
                                        "cosine, dot, euclidean and manhattan.",
                                        place, printable_start(name)));
}

void read_prompts(const fs::path& folder, EmbedderConfig& config) {
  const fs::path file = folder / kSettings;
  const json settings = load_if_there(file);
  const std::string place = file.string();
  check_keys(settings,
             {"__version__", "model_type=SentenceTransformer", "prompts", "default_prompt_name",
              "similarity_fn_name"},
             place);
  config.similarity = read_similarity(settings, place);
  const json none = json::object();
  const json& prompts = io::find(settings, "prompts")
                            ? io::require_object(settings, "prompts", place)
                            : none;
  const std::string name = io::get_string(settings, "default_prompt_name", "", place);
  if (!name.empty() && !io::find(prompts, name)) {
    fail("retrieve.embedder", fmt::format("{}: the default prompt '{}' is not among the prompts. "
                                          "Add it, or set default_prompt_name to null.",
                                          place, printable_start(name)));
  }
  const auto prompt = [&](std::string_view key) {
    return io::get_string(prompts, key, config.prompts.plain, place);
  };
  if (!name.empty()) config.prompts.plain = io::require_string(prompts, name, place);
  config.prompts.query = prompt("query");
  const char* passage = io::find(prompts, "document")  ? "document"
                        : io::find(prompts, "passage") ? "passage"
                                                       : "corpus";
  config.prompts.passage = prompt(passage);
}

/// What tokenizer_config.json says where the embedder's own files say nothing; a number beyond
/// all rows stands for "no limit" there.
std::optional<int64_t> tokenizer_length(const fs::path& folder) {
  const fs::path file = folder / "tokenizer_config.json";
  const double length = io::get_double(load_if_there(file), "model_max_length", 0.0, file.string());
  if (!(length >= 1) || length > 1e9) return std::nullopt;
  return int64_t(length);
}

/// The first of sentence-transformers' names for it, newer and older, whose file says something.
fs::path settings_file(const fs::path& folder) {
  constexpr const char* kModels[] = {"bert",   "roberta",     "distilbert", "camembert",
                                     "albert", "xlm-roberta", "xlnet"};
  for (const char* model : kModels) {
    fs::path file = folder / fmt::format("sentence_{}_config.json", model);
    if (!load_if_there(file).empty()) return file;
  }
  return folder / "sentence_bert_config.json";
}

/// What newer files say of inputs and outputs has to be what every text embedder does.
void check_modalities(const json& settings, const std::string& place) {
  const json* all = io::find(settings, "modality_config");
  if (!all) return;
  const json& text = io::require_object(*all, "text", place);
  check_keys(text, {"method=forward", "method_output_name=last_hidden_state"}, place);
}

}  // namespace

EmbedderConfig read_embedder_config(const fs::path& folder, int64_t width) {
  EmbedderConfig config;
  config.dimension = width;
  if (fs::exists(folder / "modules.json")) Modules(folder, width, config).read();
  read_prompts(folder, config);
  const fs::path file = settings_file(folder);
  const json settings = load_if_there(file);
  const std::string place = file.string();
  check_keys(settings,
             {"do_lower_case", "max_seq_length", "transformer_task=feature-extraction",
              "modality_config", "module_output_name=token_embeddings"},
             place);
  check_modalities(settings, place);
  config.lowercase = io::get_bool(settings, "do_lower_case", false, place);
  config.max_tokens = tokenizer_length(folder);
  if (!io::find(settings, "max_seq_length")) return config;
  config.max_tokens = io::require_int(settings, "max_seq_length", place);
  if (*config.max_tokens < 1) {
    fail("retrieve.embedder", fmt::format("{}: a max_seq_length of {} leaves no room for text.",
                                          place, *config.max_tokens));
  }
  return config;
}

std::string EmbedderConfig::described(int64_t longest) const {
  std::string text;
  for (const Pooling mode : pooling) {
    text += (text.empty() ? "" : "+") + std::string(name_of(mode));
  }
  for (const SentenceStep& step : steps) {
    text += step.dense ? fmt::format(", dense {}", step.dense->weight.rows()) : ", normalised";
  }
  return text + fmt::format("{}, {} tokens", lowercase ? ", lower case" : "", longest);
}

}  // namespace relatum::retrieve
