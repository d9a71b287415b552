// File by file: a header that is known beforehand, then the tensors' bytes in pieces.
#include "jobs/merge_folder.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "arch/bitsandbytes.h"
#include "arch/tensor_names.h"
#include "base/atomic_file.h"
#include "base/error.h"
#include "base/mapped_file.h"
#include "base/printable.h"
#include "base/whole_folder.h"
#include "io/json.h"
#include "io/safetensors.h"
#include "io/to_weight.h"
#include "quant/format.h"
#include "tensor/buffer.h"
#include "tensor/finite.h"
#include "train/model_copy.h"

namespace relatum::jobs {
namespace {

namespace fs = std::filesystem;
constexpr int64_t kPiece = 1 << 20;  // values that are decoded at once

// transformers' name of a type.
std::string type_name(std::string_view format) {
  if (format == "bf16") return "bfloat16";
  return format == "f16" ? "float16" : "float32";
}

void scale(MatView<float> values, float factor) {
  for (int64_t i = 0; i < values.size(); ++i) values.data[i] *= factor;
}

// One tensor on its way.
struct Planned {
  io::SafetensorsEntry entry;
  const io::SafetensorsTensor* from = nullptr;
  const MergedLinears::Linear* linear = nullptr;
  const MergedModules::Tensor* own = nullptr;  // the adapter's values in the place of `from`'s
  bool quantised = false;                      // by bitsandbytes
  const quant::Format* type = nullptr;         // that it gets; nullptr: no number of ours, copied
};

class FolderJob {
 public:
  FolderJob(const arch::ModelFiles& files, const Merged& merged, const FolderTarget& target,
            const Context& context)
      : files_(files), linears_(merged.linears), modules_(merged.modules), target_(target),
        context_(context) {
    for (const arch::AskedTensor& asked : files.asked().in_order) {
      asked_.insert(arch::plain_name(asked.name.hugging_face));
    }
    for (const io::SafetensorsTensor& tensor : files.safetensors()->tensors()) {
      stored_.insert(arch::plain_name(tensor.name));
    }
    own_type_ = target.type.empty() ? type_of_embedding() : target.type;
    for (const io::SafetensorsTensor& tensor : files.safetensors()->tensors()) {
      sizes_.bytes_before += tensor.bytes.size();
      for (const Planned& planned : plan(tensor)) sizes_.bytes += planned.entry.bytes();
    }
  }

  // False where the context stopped.
  bool write(const fs::path& folder) {
    nlohmann::json index;
    for (const fs::path& path : files_.safetensors()->files()) {
      const io::Safetensors shard = io::Safetensors::open(path);
      if (!write_file_of(shard, folder / path.filename(), index)) return false;
    }
    context_.end_progress();
    // Where there is one file, no index is read.
    if (fs::exists(files_.path() / "model.safetensors")) return true;
    index["metadata"]["total_size"] = sizes_.bytes;
    write_file(folder / "model.safetensors.index.json", io::dump_json(index, 2) + "\n");
    return true;
  }

  void write_settings(const fs::path& folder) const {
    const fs::path& base = files_.path();
    write_file(folder / "config.json", config_text());
    train::copy_model_files(base, folder);
    for (const auto& [name, content] : target_.files) write_file(folder / name, content);
  }

  FolderSizes sizes() const { return sizes_; }

 private:
  std::string config_text() const {
    const fs::path& base = files_.path();
    const bool as_it_is = target_.type.empty() && !files_.quantised();
    if (as_it_is && !modules_.parts_head()) return read_file(base / "config.json");
    nlohmann::json config = as_it_is ? io::load_json(base / "config.json")
                                     : train::config_in_type(base, type_name(own_type_));
    if (modules_.parts_head()) {
      config["tie_word_embeddings"] = false;
      // T5's: what the settings of the two say has to agree; the head's values have the scale.
      if (config.contains("scale_decoder_outputs")) config["scale_decoder_outputs"] = false;
    }
    return io::dump_json(config, 2) + "\n";
  }

  // Of what a quantised folder holds unquantised.
  std::string type_of_embedding() const {
    for (const arch::AskedTensor& asked : files_.asked().in_order) {
      for (const io::SafetensorsTensor& tensor : files_.safetensors()->tensors()) {
        if (arch::plain_name(tensor.name) != arch::plain_name(asked.name.hugging_face)) continue;
        if (arch::is_bitsandbytes(*files_.safetensors(), tensor.name)) continue;
        if (const auto* format = quant::find_safetensors_type(tensor.dtype)) {
          return std::string(format->name);
        }
      }
    }
    return "f32";
  }

  bool is_embedding(const io::SafetensorsTensor& tensor) const {
    const std::string name = arch::plain_name(tensor.name);
    return name == "embed_tokens.weight" || name == "shared.weight";
  }

  // What one of the base's tensors becomes: itself, and with the embedding those that the base
  // lacks. Nothing for the states of quantised tensors, which go with them.
  std::vector<Planned> plan(const io::SafetensorsTensor& tensor) const {
    const bool known = asked_.contains(arch::plain_name(tensor.name));
    if (files_.quantised() && !known && files_.asked().tensors.contains(tensor.name)) return {};
    std::vector<Planned> all{plan_named(tensor.name, tensor)};
    all[0].linear = linears_.in_folder(tensor.name);
    all[0].own = modules_.in_folder(tensor.name);
    if (!is_embedding(tensor)) return all;
    for (const MergedModules::Tensor& own : modules_.in_folder()) {
      if (!own.added || stored_.contains(arch::plain_name(own.name))) continue;
      all.push_back(plan_named(own.name, tensor));
      all.back().own = &own;
    }
    return all;
  }

  Planned plan_named(const std::string& name, const io::SafetensorsTensor& tensor) const {
    const bool known = asked_.contains(arch::plain_name(tensor.name));
    Planned planned{{name, tensor.dtype, tensor.shape}, &tensor};
    planned.quantised = known && arch::is_bitsandbytes(*files_.safetensors(), tensor.name);
    const quant::Format* stored = tensor.shape.size() > 2
                                      ? nullptr
                                      : quant::find_safetensors_type(tensor.dtype);
    if (planned.quantised) {
      const Weight weight = stored_weight(planned);
      planned.entry.shape = {weight.rows, weight.cols};
      planned.type = &quant::format(own_type_);
    } else if (stored) {
      planned.type = target_.type.empty() ? stored : &quant::format(target_.type);
    }
    if (planned.type) planned.entry.dtype = std::string(planned.type->safetensors_type);
    return planned;
  }

  Weight stored_weight(const Planned& planned) const {
    if (!planned.quantised) return io::to_weight(*planned.from);
    std::set<std::string, std::less<>> read;
    return arch::bitsandbytes_weight(*files_.safetensors(), planned.from->name, read);
  }

  bool write_file_of(const io::Safetensors& shard, const fs::path& path, nlohmann::json& index) {
    std::map<std::string, Planned> all;
    std::vector<io::SafetensorsEntry> entries;
    for (const io::SafetensorsTensor& tensor : shard.tensors()) {
      for (Planned& planned : plan(tensor)) {
        const std::string name = planned.entry.name;
        index["weight_map"][name] = path.filename().string();
        entries.push_back(planned.entry);
        all.emplace(name, std::move(planned));
      }
    }
    io::sort_for_safetensors(entries);
    std::map<std::string, std::string> notes = shard.metadata();
    notes["format"] = "pt";  // transformers asks for it
    AtomicFile file(path);
    file.write(io::safetensors_head(entries, notes));
    for (const io::SafetensorsEntry& entry : entries) {
      const Planned& planned = all.at(entry.name);
      if (!write_tensor(planned, file)) return false;
      drop_pages(planned.from->bytes);
    }
    file.commit();
    return true;
  }

  bool write_tensor(const Planned& planned, AtomicFile& file) {
    if (planned.type) {
      const bool own = planned.own && planned.own->module;
      Weight weight = own ? modules_.weight(*planned.own->module) : stored_weight(planned);
      const bool merged = planned.linear && linears_.changes(*planned.linear, weight);
      if (merged) weight = linears_.base_weight(*planned.linear, weight, false);
      if (own || merged || weight.format != planned.type->name) {
        return write_values(planned, weight, merged, file);
      }
    }
    const auto bytes = planned.from->bytes;
    constexpr size_t kBytes = size_t(kPiece) * 4;
    for (size_t begin = 0; begin < bytes.size(); begin += kBytes) {
      if (context_.stopping()) return false;
      const auto piece = bytes.subspan(begin, std::min(kBytes, bytes.size() - begin));
      file.write(piece);
      tell(planned, piece.size());
    }
    return true;
  }

  bool write_values(const Planned& planned, const Weight& weight, bool merged, AtomicFile& file) {
    const int64_t rows = std::max<int64_t>(1, kPiece / std::max<int64_t>(1, weight.cols));
    for (int64_t begin = 0; begin < weight.rows; begin += rows) {
      if (context_.stopping()) return false;
      Matrix<float> values(std::min(rows, weight.rows - begin), weight.cols);
      quant::decode_rows(weight, begin, values.view());
      if (merged) linears_.merge(*planned.linear, begin, values.view());
      if (planned.own && planned.own->factor != 1) scale(values.view(), planned.own->factor);
      const Weight encoded = quant::encode(planned.type->name, weight.name, values.view());
      check(planned, values, encoded);
      file.write(encoded.data);
      tell(planned, encoded.data.size());
    }
    return true;
  }

  // What a type cannot hold becomes infinite in it.
  void check(const Planned& planned, Matrix<float>& values, const Weight& encoded) const {
    const auto all = [&] {
      return std::span<const float>(values.row(0), size_t(values.view().size()));
    };
    const bool finite = all_finite(all());
    if (finite) quant::decode_rows(encoded, 0, values.view());
    if (finite && all_finite(all())) return;
    const bool own = planned.own && planned.own->module;
    const std::string place = own ? "the adapter's " + planned.own->module->name
                                  : planned.from->place;
    fail("jobs.merge",
         finite ? fmt::format("{}: merged, it holds values that are too large for {}. Choose "
                              "--format bf16 or f32.",
                              place, planned.type->name)
                : fmt::format("{}: merged, it holds values that are not finite (NaN or infinite). "
                              "Fetch the model again, or train the adapter again.",
                              place));
  }

  void tell(const Planned& planned, size_t bytes) {
    done_ += bytes;
    context_.report(
        {"merging", double(done_) / 1e6, double(sizes_.bytes) / 1e6, "MB", planned.entry.name});
  }

  const arch::ModelFiles& files_;
  const MergedLinears& linears_;
  const MergedModules& modules_;
  const FolderTarget& target_;
  const Context& context_;
  std::set<std::string> asked_, stored_;  // plain names
  std::string own_type_;
  FolderSizes sizes_;
  uint64_t done_ = 0;
};

}  // namespace

std::optional<FolderSizes> write_merged_folder(const arch::ModelFiles& files, const Merged& merged,
                                               const FolderTarget& target, const Context& context) {
  FolderJob job(files, merged, target, context);
  WholeFolder whole(target.out);
  if (!job.write(whole.path())) return std::nullopt;
  job.write_settings(whole.path());
  whole.commit();
  return job.sizes();
}

}  // namespace relatum::jobs
