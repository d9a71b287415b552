// The file, and what it costs on a text.
#include "jobs/quantize.h"

#include <cmath>

#include "io/text_file.h"
#include "jobs/write_gguf.h"

namespace relatum::jobs {
namespace {

GgufJob prepared(const QuantizeOptions& options, const Host& host) {
  arch::ModelFiles files = arch::ModelFiles::open(options.model);
  std::error_code ignored;
  CommandInputs inputs;
  inputs.files = files.weight_files();
  if (std::filesystem::is_directory(options.model, ignored)) inputs.folders = {options.model};
  check_gguf_out(options.out, inputs, options.overwrite);
  return GgufJob(std::move(files), {options.out, options.format, "quantizing"}, nullptr, host);
}

}  // namespace

double QuantizedKind::error() const { return all > 0 ? std::sqrt(lost / all) : 0.0; }

std::optional<QuantizeReport> quantize(const QuantizeOptions& options, const Host& host) {
  GgufJob job = prepared(options, host);
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
