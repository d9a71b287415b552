// Reads the state of a quantised weight, checks it, and lays codes and maxima out as our formats.
#include "arch/bitsandbytes.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "base/error.h"
#include "base/mapped_file.h"
#include "base/printable.h"
#include "io/json.h"
#include "quant/blocks.h"
#include "quant/map4.h"
#include "quant/nf4.h"
#include "tensor/buffer.h"
#include "tensor/finite.h"

namespace relatum::arch {
namespace {

using quant::load;

// bitsandbytes' FP4 by its codes: a sign, two bits of exponent and one of mantissa, over 12.
constexpr std::array<float, 8> kFp4Twelfths = {0, 0.0625f, 8, 12, 4, 6, 2, 3};

[[noreturn]] void fail_part(const io::SafetensorsTensor& tensor, const std::string& what) {
  fail("arch.bitsandbytes",
       fmt::format("{}: {}. Save the quantised model again, or fetch it again.", tensor.place,
                   what));
}

/// What X.quant_state.bitsandbytes__… says, its JSON's names in brackets.
struct State {
  std::string type;            ///< nf4 or fp4 (quant_type)
  int64_t rows = 0, cols = 0;  ///< shape
  int64_t block = 0;           ///< values that share a maximum (blocksize)
  int64_t group = 0;           ///< maxima that share one (nested_blocksize); 0: they are floats
  float offset = 0;            ///< of double quantisation (nested_offset)

  int64_t total() const { return rows * cols; }
  int64_t blocks() const { return (total() + block - 1) / block; }
};

const io::SafetensorsTensor* find_state(const io::Safetensors& files, const std::string& name) {
  for (const char* type : {"nf4", "fp4"}) {
    if (const auto* found = files.find(name + ".quant_state.bitsandbytes__" + type)) return found;
  }
  return nullptr;
}

int64_t block_size(const nlohmann::json& json, const char* key,
                   const io::SafetensorsTensor& tensor) {
  const int64_t size = io::require_int(json, key, tensor.place);
  if (size < quant::kMap4Block || size > 4096 || (size & (size - 1))) {
    fail_part(tensor, fmt::format("{} is {}, expected a power of two from 32 to 4096", key, size));
  }
  return size;
}

State read_state(const io::SafetensorsTensor& tensor, bool nested) {
  const auto* text = reinterpret_cast<const char*>(tensor.bytes.data());
  const nlohmann::json json = io::parse_json({text, tensor.bytes.size()}, tensor.place);
  State state;
  state.type = io::require_string(json, "quant_type", tensor.place);
  if (!tensor.name.ends_with("__" + state.type)) {
    fail_part(tensor, fmt::format("its quant_type is '{}'", printable_start(state.type)));
  }
  const std::vector<int64_t> shape = io::require_ints(json, "shape", tensor.place);
  constexpr int64_t kLongest = int64_t{1} << 28;
  const auto sound = [](int64_t size) { return size > 0 && size <= kLongest; };
  if (shape.size() != 2 || !std::ranges::all_of(shape, sound)) {
    fail_part(tensor, "its shape is not that of a matrix");
  }
  state.rows = shape[0];
  state.cols = shape[1];
  state.block = block_size(json, "blocksize", tensor);
  if (!nested) return state;
  state.group = block_size(json, "nested_blocksize", tensor);
  state.offset = float(io::require_double(json, "nested_offset", tensor.place));
  if (!std::isfinite(state.offset)) fail_part(tensor, "its nested_offset is not a finite number");
  return state;
}

/// The parts of one weight.
class Parts {
 public:
  Parts(const io::Safetensors& files, const std::string& name,
        std::set<std::string, std::less<>>& read)
      : files_(files), name_(name), read_(read) {
    const io::SafetensorsTensor& stated = *find_state(files, name);
    nested_ = files.find(name + ".nested_absmax");
    state_ = read_state(stated, nested_);
    read_.insert(stated.name);
    read_.insert(name);
    codes_ = &files.tensor(name);
    if (int64_t(codes_->bytes.size()) != (state_.total() + 1) / 2) {
      fail_part(*codes_, fmt::format("it has {} bytes, expected {} for the {} x {} values of its "
                                     "quant_state, two a byte",
                                     codes_->bytes.size(), (state_.total() + 1) / 2, state_.rows,
                                     state_.cols));
    }
    check_map();
    if (nested_) {
      maxima_ = part(".absmax", "U8", state_.blocks());
      second_ = floats(".nested_absmax", (state_.blocks() + state_.group - 1) / state_.group);
      map_ = floats(".nested_quant_map", 256);
    } else {
      first_ = floats(".absmax", state_.blocks());
    }
  }

  Weight weight() const {
    const bool dynamic = nested_ && std::ranges::equal(map_, quant::dynamic_map());
    const bool fits = dynamic && state_.type == "nf4" && state_.block == quant::kNf4Block &&
                      state_.group == quant::kNf4StateBlock;
    const auto buffer = fits ? as_nf4() : as_map4();
    drop_pages(codes_->bytes);
    return {
        name_, fits ? "nf4" : "map4", state_.rows, state_.cols, {buffer->data(), buffer->size()},
        buffer};
  }

 private:
  std::span<const std::byte> part(const std::string& ending, const char* dtype, int64_t size) {
    const io::SafetensorsTensor& tensor = files_.tensor(name_ + ending);
    read_.insert(tensor.name);
    int64_t count = 1;
    for (const int64_t length : tensor.shape) count *= length;
    if (tensor.dtype != dtype || count != size) {
      fail_part(tensor, fmt::format("it has {} values of type {}, expected {} of type {}", count,
                                    tensor.dtype, size, dtype));
    }
    return tensor.bytes;
  }

  std::vector<float> floats(const std::string& ending, int64_t size) {
    const std::span<const std::byte> bytes = part(ending, "F32", size);
    std::vector<float> values(static_cast<size_t>(size));
    std::memcpy(values.data(), bytes.data(), bytes.size());
    if (!all_finite(values)) {
      fail_part(files_.tensor(name_ + ending), "a value of it is not a finite number");
    }
    return values;
  }

  // bitsandbytes decodes by the type's name; a map that differs was meant for something else.
  void check_map() {
    const std::vector<float> stored = floats(".quant_map", 16);
    for (size_t i = 0; i < codes_map_.size(); ++i) {
      const float sign = i < 8 ? 1.0f : -1.0f;
      codes_map_[i] = state_.type == "nf4" ? quant::kNf4Values[i] : sign * kFp4Twelfths[i % 8] / 12;
    }
    if (std::ranges::equal(stored, codes_map_)) return;
    fail_part(files_.tensor(name_ + ".quant_map"),
              fmt::format("its values are not those of {}", state_.type));
  }

  float maximum(int64_t block) const {
    if (!nested_) return first_[size_t(block)];
    const auto code = load<uint8_t>(maxima_.data() + block);
    return map_[code] * second_[size_t(block / state_.group)] + state_.offset;
  }

  std::shared_ptr<Buffer> as_nf4() const {
    const quant::Nf4Layout layout(state_.total());
    auto buffer = std::make_shared<Buffer>(layout.bytes);
    buffer->zero();
    std::memcpy(buffer->data(), codes_->bytes.data(), codes_->bytes.size());
    std::memcpy(buffer->data() + layout.maxima, maxima_.data(), maxima_.size());
    std::memcpy(buffer->data() + layout.state, second_.data(), second_.size() * sizeof(float));
    quant::store(buffer->data() + layout.offset, state_.offset);
    return buffer;
  }

  std::shared_ptr<Buffer> as_map4() const {
    const quant::Map4Layout layout(state_.total());
    auto buffer = std::make_shared<Buffer>(layout.bytes);
    buffer->zero();
    std::memcpy(buffer->data(), codes_->bytes.data(), codes_->bytes.size());
    for (int64_t b = 0; b < layout.blocks; ++b) {
      quant::store(buffer->data() + layout.factors + size_t(b) * sizeof(float),
                   maximum(b * quant::kMap4Block / state_.block));
    }
    std::memcpy(buffer->data() + layout.map, codes_map_.data(), sizeof codes_map_);
    return buffer;
  }

  const io::Safetensors& files_;
  const std::string& name_;
  std::set<std::string, std::less<>>& read_;
  bool nested_ = false;
  State state_;
  const io::SafetensorsTensor* codes_ = nullptr;
  std::array<float, 16> codes_map_{};
  std::span<const std::byte> maxima_;        // coded, of double quantisation
  std::vector<float> first_, second_, map_;  // maxima as floats; those of groups, and their map
};

[[noreturn]] void fail_method(const std::string& place, const std::string& method) {
  fail(
      "arch.bitsandbytes",
      fmt::format("{}: quantization_config says that the weights are quantised by {}, which is not "
                  "read. Use the model's unquantised folder, one that bitsandbytes quantised to 4 "
                  "bits (nf4 or fp4), or a GGUF file in Q8_0, Q4_0 or Q4_1.",
                  place, method));
}

}  // namespace

bool has_bitsandbytes(const nlohmann::json& config, const std::string& place) {
  const nlohmann::json* settings = io::find(config, "quantization_config");
  if (!settings || !settings->is_object() || settings->empty()) return false;
  const bool four = io::get_bool(*settings, "load_in_4bit", false, place);
  const bool eight = io::get_bool(*settings, "load_in_8bit", false, place);
  const std::string method = io::get_string(*settings, "quant_method",
                                            four || eight ? "bitsandbytes" : "", place);
  if (method.empty()) fail_method(place, "a method that it does not name");
  if (method != "bitsandbytes" && !method.starts_with("bitsandbytes_")) {
    fail_method(place, fmt::format("'{}'", printable_start(method)));
  }
  if (!four) fail_method(place, "bitsandbytes in 8 bits");
  const std::string type = io::get_string(*settings, "bnb_4bit_quant_type", "fp4", place);
  if (type != "nf4" && type != "fp4") {
    fail_method(place, fmt::format("bitsandbytes in the type '{}'", printable_start(type)));
  }
  return true;
}

bool is_bitsandbytes(const io::Safetensors& files, const std::string& name) {
  return find_state(files, name) != nullptr;
}

Weight bitsandbytes_weight(const io::Safetensors& files, const std::string& name,
                           std::set<std::string, std::less<>>& read) {
  return Parts(files, name, read).weight();
}

}  // namespace relatum::arch
