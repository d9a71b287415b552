// Plans the file, then decodes and encodes tensor after tensor in pieces of some rows.
#include "jobs/write_gguf.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/mapped_file.h"
#include "base/printable.h"
#include "tensor/buffer.h"
#include "text/gguf_vocabulary.h"

namespace relatum::jobs {
namespace {

constexpr int64_t kPiece = 1 << 20;  // values that are decoded at once

// "blk.3.attn_q.weight" to "attn_q", "enc.blk.3.attn_q.weight" to "enc.attn_q".
std::string kind_of(const std::string& name) {
  std::string kind = name.substr(0, name.rfind('.'));
  const size_t layer = kind.find("blk.");
  if (layer == std::string::npos) return kind;
  const size_t end = kind.find('.', layer + 4);
  return end == std::string::npos ? kind : kind.erase(layer, end + 1 - layer);
}

}  // namespace

void check_gguf_out(const std::filesystem::path& out, const CommandInputs& inputs, bool overwrite) {
  if (io::GgufFile::recognise(out)) {
    check_not_read(out, inputs);
    return check_absent_or_overwrite(out, overwrite);
  }
  check_new_file(out, inputs, overwrite);
}

GgufJob::GgufJob(arch::ModelFiles files, GgufTarget target, const TensorChange* change,
                 const Host& host)
    : files_(std::move(files)), target_(std::move(target)), change_(change), context_(host.context),
      form_(arch::gguf_form(files_)) {
  const bool gguf = files_.gguf() != nullptr;
  if (change_) change_->add(form_);
  plan_ = target_.format == kKeepFormats
              ? keep_formats(
                    form_, int(files_.gguf()->get_int("general.file_type", -1)),
                    [&](const auto& tensor) { return change_ && change_->changes(tensor); })
              : plan_formats(form_, target_.format, gguf);
  std::vector<std::string> notes;
  if (!gguf) {
    const auto* embedding = form_.find("token_embd.weight");
    RELATUM_CHECK(embedding);
    notes = text::describe_tokenizer(files_.path(), embedding->weight.rows, form_.keys);
  }
  if (plan_.file_type >= 0) {
    form_.keys.set_u32("general.file_type", uint32_t(plan_.file_type));
  }
  form_.keys.set_u32("general.quantization_version", 2);
  for (size_t i = 0; i < form_.tensors.size(); ++i) {
    const arch::FormTensor& tensor = form_.tensors[i];
    entries_.push_back({tensor.name, plan_.formats[i]->gguf_type, tensor.shape});
    total_ += entries_.back().bytes();
  }
  for (const auto& each : {form_.notes, notes, plan_.notes}) {
    for (const std::string& note : each) context_.info(note);
  }
}

std::optional<QuantizeReport> GgufJob::run() {
  AtomicFile file(target_.out);
  file.write(io::gguf_head(form_.keys, entries_));
  for (size_t i = 0; i < form_.tensors.size(); ++i) {
    arch::FormTensor& tensor = form_.tensors[i];
    QuantizedKind& kind = kind_for(tensor, *plan_.formats[i]);
    const Weight stored = tensor.weight;  // of which the pages are dropped, whatever is read
    changed_ = change_ && change_->open(tensor);
    if (!write(tensor, *plan_.formats[i], kind, file)) return std::nullopt;
    file.write(io::gguf_padding(entries_[i].bytes(), form_.keys.alignment()));
    if (stored.mapped) drop_pages(stored.data);
    tensor.weight.owner = nullptr;
  }
  context_.end_progress();
  file.commit();
  return report_;
}

QuantizedKind& GgufJob::kind_for(const arch::FormTensor& tensor, const quant::Format& format) {
  const std::string name = kind_of(tensor.name);
  auto& kinds = report_.kinds;
  auto found = std::find_if(kinds.begin(), kinds.end(),
                            [&](const QuantizedKind& kind) { return kind.name == name; });
  if (found == kinds.end()) found = kinds.insert(kinds.end(), QuantizedKind{.name = name});
  const std::string used(format.name);
  if (std::ranges::find(found->formats, used) == found->formats.end()) {
    found->formats.push_back(used);
  }
  // Head and embedding may be one in the model's files.
  const bool again = !counted_.insert(tensor.weight.data.data()).second;
  const uint64_t before = again ? 0
                                : quant::format(tensor.weight.format).bytes(tensor.weight.size());
  const uint64_t bytes = format.bytes(tensor.weight.size());
  ++found->tensors;
  found->bytes_before += before;
  found->bytes += bytes;
  report_.bytes_before += before;
  report_.bytes += bytes;
  return *found;
}

// False where the host stopped.
bool GgufJob::write(const arch::FormTensor& tensor, const quant::Format& format,
                    QuantizedKind& kind, AtomicFile& file) {
  const Weight& weight = tensor.weight;
  // A piece holds whole heads, whose rows may change places.
  const int64_t head = tensor.rotary_heads ? weight.rows / tensor.rotary_heads : 1;
  const int64_t rows = std::max<int64_t>(1, kPiece / weight.cols / head) * head;
  for (int64_t begin = 0; begin < weight.rows; begin += rows) {
    if (context_.stopping()) return false;
    const int64_t count = std::min(rows, weight.rows - begin);
    if (format.name == weight.format && head == 1 && !changed_) {
      const size_t row_bytes = format.bytes(weight.cols);
      file.write(weight.data.subspan(size_t(begin) * row_bytes, size_t(count) * row_bytes));
    } else {
      file.write(encode(tensor, begin, count, format, kind));
    }
    done_ += uint64_t(count) * format.bytes(weight.cols);
    context_.report({target_.task, double(done_) / 1e6, double(total_) / 1e6, "MB", tensor.name});
  }
  return true;
}

std::span<const std::byte> GgufJob::encode(const arch::FormTensor& tensor, int64_t begin,
                                           int64_t rows, const quant::Format& format,
                                           QuantizedKind& kind) {
  const Weight& weight = tensor.weight;
  const int64_t cols = weight.cols, count = rows * cols;
  const int64_t head = tensor.rotary_heads ? weight.rows / tensor.rotary_heads : 1;
  Matrix<float> values(rows, cols);
  quant::decode_rows(weight, begin, values.view());
  if (changed_) change_->change(tensor, begin, values.view());
  if (head > 1) {
    Matrix<float> folder = std::move(values);
    values = Matrix<float>(rows, cols);
    for (int64_t r = 0; r < rows; ++r) {
      std::copy_n(folder.row(arch::unpermuted_row(r, head)), cols, values.row(r));
    }
  }
  encoded_ = quant::encode(format.name, weight.name, values.view());
  Matrix<float> again(rows, cols);
  quant::decode_rows(encoded_, 0, again.view());
  double lost = 0, all = 0;
  for (int64_t i = 0; i < count; ++i) {
    const double value = values.row(0)[i], off = double(again.row(0)[i]) - value;
    lost += off * off;
    all += value * value;
  }
  check(weight, format, lost, all);
  kind.lost += lost;
  kind.all += all;
  return encoded_.data;
}

void GgufJob::check(const Weight& weight, const quant::Format& format, double lost,
                    double all) const {
  if (std::isfinite(lost)) return;
  if (!std::isfinite(all)) {
    fail("jobs.quantize", fmt::format("tensor '{}' of {} holds values that are not finite (NaN or "
                                      "infinite). Fetch the model again, or make it again.",
                                      printable_start(weight.name), files_.path().string()));
  }
  fail("jobs.quantize",
       fmt::format("tensor '{}' of {} holds values that are too large for {}. "
                   "Choose bf16 or f32.",
                   printable_start(weight.name), files_.path().string(), format.name));
}

}  // namespace relatum::jobs
