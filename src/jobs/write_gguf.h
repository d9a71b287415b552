// Writes a model as a GGUF file, tensor after tensor, with other values where that is asked for.
#pragma once

#include <filesystem>
#include <optional>
#include <set>
#include <string>

#include "arch/gguf_form.h"
#include "base/atomic_file.h"
#include "jobs/host.h"
#include "jobs/output_path.h"
#include "jobs/quantize.h"
#include "jobs/quantize_plan.h"

namespace relatum::jobs {

/// Gives tensors other values on their way into the file.
class TensorChange {
 public:
  virtual ~TensorChange() = default;
  /// Adds tensors before anything is planned.
  virtual void add(arch::GgufForm& form) const = 0;
  /// Whether a tensor gets other values than it has.
  virtual bool changes(const arch::FormTensor& tensor) const = 0;
  /// Whether change() is to be called for this tensor. May put another weight in its place, whose
  /// rows are in the folder's order then, which `rotary_heads` tells.
  virtual bool open(arch::FormTensor& tensor) const = 0;
  /// Changes rows [begin, begin + rows.rows) of the weight that open() left there.
  virtual void change(const arch::FormTensor& tensor, int64_t begin, MatView<float> rows) const = 0;
};

/// Each tensor's own.
inline constexpr const char* kKeepFormats = "keep";

struct GgufTarget {
  std::filesystem::path out;
  std::string format;  ///< one of quantize_formats(), or kKeepFormats where the model is a GGUF
  std::string task;    ///< for the progress, e.g. "quantizing"
};

class GgufJob {
 public:
  /// Plans the file and tells what is not as it was asked for. Throws Error for a model that cannot
  /// be written as GGUF. `change` (nullptr: none) and the host outlive it.
  GgufJob(arch::ModelFiles files, GgufTarget target, const TensorChange* change, const Host& host);
  /// Writes the file, which appears whole or not at all. Nothing where the host stopped it. Throws
  /// Error for values that the format cannot hold.
  std::optional<QuantizeReport> run();

 private:
  QuantizedKind& kind_for(const arch::FormTensor& tensor, const quant::Format& format);
  bool write(const arch::FormTensor& tensor, const quant::Format& format, QuantizedKind& kind,
             AtomicFile& file);
  std::span<const std::byte> encode(const arch::FormTensor& tensor, int64_t begin, int64_t rows,
                                    const quant::Format& format, QuantizedKind& kind);
  void check(const Weight& weight, const quant::Format& format, double lost, double all) const;

  arch::ModelFiles files_;
  GgufTarget target_;
  const TensorChange* change_;
  const Context& context_;
  arch::GgufForm form_;
  QuantizePlan plan_;
  std::vector<io::GgufTensorEntry> entries_;
  bool changed_ = false;  // the tensor at hand
  std::set<const std::byte*> counted_;
  Weight encoded_;
  QuantizeReport report_;
  uint64_t done_ = 0, total_ = 0;
};

/// Throws Error where the file may not be written; a GGUF file that is not read may be replaced,
/// though one counts as a model's elsewhere.
void check_gguf_out(const std::filesystem::path& out, const CommandInputs& inputs, bool overwrite);

}  // namespace relatum::jobs
