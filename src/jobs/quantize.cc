// Plans the file, then decodes and encodes tensor after tensor in pieces of some rows.
#include "jobs/quantize.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "arch/gguf_form.h"
#include "base/atomic_file.h"
#include "base/error.h"
#include "base/mapped_file.h"
#include "base/printable.h"
#include "io/text_file.h"
#include "jobs/output_path.h"
#include "jobs/quantize_plan.h"
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

// A GGUF file beside others counts as a model's elsewhere; it is what this command writes, so here
// it may be replaced.
void check_out(const QuantizeOptions& options, const arch::ModelFiles& files) {
  std::error_code ignored;
  CommandInputs inputs;
  inputs.files = files.weight_files();
  if (std::filesystem::is_directory(options.model, ignored)) inputs.folders = {options.model};
  if (io::GgufFile::recognise(options.out)) {
    check_not_read(options.out, inputs);
    return check_absent_or_overwrite(options.out, options.overwrite);
  }
  check_new_file(options.out, inputs, options.overwrite);
}

class Job {
 public:
  Job(const QuantizeOptions& options, const Host& host)
      : options_(options), context_(host.context), files_(arch::ModelFiles::open(options.model)) {
    check_out(options, files_);
    form_ = arch::gguf_form(files_);
    const bool gguf = files_.gguf() != nullptr;
    plan_ = plan_formats(form_, options.format, gguf);
    std::vector<std::string> notes;
    if (!gguf) {
      const auto* embedding = form_.find("token_embd.weight");
      RELATUM_CHECK(embedding);
      notes = text::describe_tokenizer(files_.path(), embedding->weight.rows, form_.keys);
    }
    form_.keys.set_u32("general.file_type", uint32_t(plan_.file_type));
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

  std::optional<QuantizeReport> run() {
    AtomicFile file(options_.out);
    file.write(io::gguf_head(form_.keys, entries_));
    for (size_t i = 0; i < form_.tensors.size(); ++i) {
      arch::FormTensor& tensor = form_.tensors[i];
      QuantizedKind& kind = kind_for(tensor, *plan_.formats[i]);
      if (!write(tensor, *plan_.formats[i], kind, file)) return std::nullopt;
      file.write(io::gguf_padding(entries_[i].bytes(), form_.keys.alignment()));
      if (tensor.weight.mapped) drop_pages(tensor.weight.data);
      tensor.weight.owner = nullptr;
    }
    context_.end_progress();
    file.commit();
    return report_;
  }

 private:
  QuantizedKind& kind_for(const arch::FormTensor& tensor, const quant::Format& format) {
    const std::string name = kind_of(tensor.name);
    auto& kinds = report_.kinds;
    auto found = std::find_if(kinds.begin(), kinds.end(),
                              [&](const QuantizedKind& kind) { return kind.name == name; });
    if (found == kinds.end()) found = kinds.insert(kinds.end(), QuantizedKind{.name = name});
    const std::string used(format.name);
    if (std::ranges::find(found->formats, used) == found->formats.end()) {
      found->formats.push_back(used);
    }
    const uint64_t before = quant::format(tensor.weight.format).bytes(tensor.weight.size());
    const uint64_t bytes = format.bytes(tensor.weight.size());
    ++found->tensors;
    found->bytes_before += before;
    found->bytes += bytes;
    report_.bytes_before += before;
    report_.bytes += bytes;
    return *found;
  }

  // False where the host stopped.
  bool write(const arch::FormTensor& tensor, const quant::Format& format, QuantizedKind& kind,
             AtomicFile& file) {
    const Weight& weight = tensor.weight;
    // A piece holds whole heads, whose rows may change places.
    const int64_t head = tensor.rotary_heads ? weight.rows / tensor.rotary_heads : 1;
    const int64_t rows = std::max<int64_t>(1, kPiece / weight.cols / head) * head;
    for (int64_t begin = 0; begin < weight.rows; begin += rows) {
      if (context_.stopping()) return false;
      const int64_t count = std::min(rows, weight.rows - begin);
      if (format.name == weight.format && head == 1) {
        const size_t row_bytes = format.bytes(weight.cols);
        file.write(weight.data.subspan(size_t(begin) * row_bytes, size_t(count) * row_bytes));
      } else {
        file.write(encode(weight, begin, count, head, format, kind));
      }
      done_ += uint64_t(count) * format.bytes(weight.cols);
      context_.report({"quantizing", double(done_) / 1e6, double(total_) / 1e6, "MB", tensor.name});
    }
    return true;
  }

  std::span<const std::byte> encode(const Weight& weight, int64_t begin, int64_t rows, int64_t head,
                                    const quant::Format& format, QuantizedKind& kind) {
    const int64_t cols = weight.cols, count = rows * cols;
    Matrix<float> values(rows, cols);
    quant::decode_rows(weight, begin, values.view());
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

  void check(const Weight& weight, const quant::Format& format, double lost, double all) const {
    if (std::isfinite(lost)) return;
    if (!std::isfinite(all)) {
      fail("jobs.quantize",
           fmt::format("tensor '{}' of {} holds values that are not finite (NaN or "
                       "infinite). Fetch the model again, or make it again.",
                       printable_start(weight.name), files_.path().string()));
    }
    fail("jobs.quantize",
         fmt::format("tensor '{}' of {} holds values that are too large for {}. "
                     "Choose bf16 or f32.",
                     printable_start(weight.name), files_.path().string(), format.name));
  }

  const QuantizeOptions& options_;
  const Context& context_;
  arch::ModelFiles files_;
  arch::GgufForm form_;
  QuantizePlan plan_;
  std::vector<io::GgufTensorEntry> entries_;
  Weight encoded_;
  QuantizeReport report_;
  uint64_t done_ = 0, total_ = 0;
};

}  // namespace

double QuantizedKind::error() const { return all > 0 ? std::sqrt(lost / all) : 0.0; }

std::optional<QuantizeReport> quantize(const QuantizeOptions& options, const Host& host) {
  Job job(options, host);
  if (options.compare.empty()) return job.run();
  const std::string text = io::read_text(options.compare);
  const auto before = text_losses(options.model, text, host.context);
  if (!before) return std::nullopt;
  std::optional<QuantizeReport> report = job.run();
  if (!report) return std::nullopt;
  const auto after = text_losses(options.out, text, host.context);
  if (!after) return std::nullopt;
  report->comparison = compare(*before, *after);
  return report;
}

}  // namespace relatum::jobs
