// Looks formats up, decodes rows in parallel and encodes whole matrices.
#include "quant/format.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "base/error.h"
#include "base/known_names.h"
#include "base/parallel_for.h"
#include "tensor/buffer.h"

namespace relatum::quant {
namespace {

constexpr int64_t kChunk = 1024;        // floats on the stack between decode and rounding
constexpr int64_t kDecodeGrain = 8192;  // values per thread, several microseconds of work

void round_to_bf16(const float* in, int64_t count, bf16* out) {
#pragma omp simd
  for (int64_t i = 0; i < count; ++i) out[i] = to_bf16(in[i]);
}

void decode_values(const Format& format, const Weight& weight, int64_t begin, int64_t count,
                   float* out) {
  format.decode(weight.data, weight.size(), begin, count, out);
}

void decode_values(const Format& format, const Weight& weight, int64_t begin, int64_t count,
                   bf16* out) {
  if (format.decode_bf16) {
    format.decode_bf16(weight.data, weight.size(), begin, count, out);
    return;
  }
  alignas(64) float values[kChunk];
  for (int64_t done = 0; done < count; done += kChunk) {
    const int64_t n = std::min(kChunk, count - done);
    format.decode(weight.data, weight.size(), begin + done, n, values);
    round_to_bf16(values, n, out + done);
  }
}

template <class T>
void decode_all(const Weight& weight, int64_t begin, MatView<T> out) {
  const Format& stored = format(weight.format);
  RELATUM_CHECK(out.cols == weight.cols && begin >= 0 && begin + out.rows <= weight.rows);
  RELATUM_CHECK(weight.data.size() >= stored.bytes(weight.size()));
  RELATUM_CHECK(weight.cols % stored.block == 0);
  const int64_t grain = std::max<int64_t>(1, kDecodeGrain / std::max<int64_t>(1, out.cols));
  parallel_for(out.rows, grain, [&](int64_t first, int64_t last) {
    for (int64_t r = first; r < last; ++r) {
      decode_values(stored, weight, (begin + r) * weight.cols, weight.cols, out.row(r));
    }
  });
}

template <class Match>
const Format* find_if(const Match& match) {
  for (const Format* format : formats()) {
    if (match(*format)) return format;
  }
  return nullptr;
}

// Values are got by all threads, then encoded by all: encode() splits its work itself.
void encode_by_parts(const Format& target, const Values& values, int64_t total, std::byte* out) {
  constexpr int64_t kPart = 1 << 20, kGrain = 1 << 12;  // 4 MB of floats; both multiples of 256
  std::vector<float> part(size_t(std::min(total, kPart)));
  for (int64_t begin = 0; begin < total; begin += kPart) {
    const int64_t count = std::min(total - begin, kPart);
    parallel_for((count + kGrain - 1) / kGrain, 1, [&](int64_t first, int64_t last) {
      const int64_t at = first * kGrain;
      values(begin + at, std::min(count, last * kGrain) - at, part.data() + at);
    });
    target.encode(part.data(), count, out + target.bytes(begin));
  }
}

}  // namespace

const Format& format(std::string_view name) {
  if (const Format* found = find_if([&](const Format& f) { return f.name == name; })) {
    return *found;
  }
  fail("quant.format", unknown_name("number format", name, names_of(formats())));
}

const Format* find_gguf_type(int type) {
  return type < 0 ? nullptr : find_if([&](const Format& f) { return f.gguf_type == type; });
}

const Format* find_safetensors_type(std::string_view type) {
  return type.empty() ? nullptr
                      : find_if([&](const Format& f) { return f.safetensors_type == type; });
}

void decode_rows(const Weight& weight, int64_t begin, MatView<float> out) {
  decode_all(weight, begin, out);
}

void decode_rows(const Weight& weight, int64_t begin, MatView<bf16> out) {
  decode_all(weight, begin, out);
}

Weight encode(std::string_view format_name, const std::string& name, MatView<const float> values) {
  return encode(format_name, name, values.rows, values.cols,
                [&](int64_t begin, int64_t count, float* out) {
    for (int64_t at = begin; at < begin + count;) {
      const int64_t row = at / values.cols, col = at % values.cols;
      const int64_t part = std::min(values.cols - col, begin + count - at);
      std::copy_n(values.row(row) + col, part, out + (at - begin));
      at += part;
    }
  });
}

Weight encode(std::string_view format_name, const std::string& name, int64_t rows, int64_t cols,
              const Values& values) {
  const Format& target = format(format_name);
  if (!target.encode) {
    fail("quant.encode",
         fmt::format("number format '{}' can only be read. Choose another.", format_name));
  }
  if (cols % target.block != 0) {
    fail("quant.encode", fmt::format("tensor '{}': rows of {} values don't fit {}, whose blocks "
                                     "have {}. Choose nf4, bf16 or f32.",
                                     name, cols, target.name, target.block));
  }
  const int64_t total = rows * cols;
  const auto buffer = std::make_shared<Buffer>(target.bytes(total));
  if (target.encode_parts) {
    target.encode_parts(values, total, buffer->data());
  } else {
    encode_by_parts(target, values, total, buffer->data());
  }
  return {name, std::string(format_name), rows, cols, {buffer->data(), buffer->size()}, buffer};
}

}  // namespace relatum::quant
