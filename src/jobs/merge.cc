// What is read is settled and checked, then written tensor by tensor.
#include "jobs/merge.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "arch/family.h"
#include "base/atomic_file.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/known_names.h"
#include "io/json.h"
#include "jobs/ask_command.h"
#include "jobs/card_file.h"
#include "jobs/merge_folder.h"
#include "jobs/model_card.h"
#include "jobs/models_folder.h"
#include "jobs/open_adapter.h"
#include "jobs/process_facts.h"
#include "jobs/run_card.h"
#include "jobs/write_gguf.h"

namespace relatum::jobs {
namespace {

namespace fs = std::filesystem;
constexpr const char* kSafetensors = "safetensors";

bool wants_gguf(const MergeOptions& options) { return options.out.extension() == ".gguf"; }

// Of a folder's weights: bf16 where it has them, else f16.
std::string half_type(const arch::ModelFiles& files) {
  const auto& tensors = files.safetensors()->tensors();
  const bool has = std::ranges::any_of(
      tensors, [](const io::SafetensorsTensor& tensor) { return tensor.dtype == "BF16"; });
  return has ? "bf16" : "f16";
}

// The files of a run that tell how its adapter is asked.
constexpr const char* kOfTheRun[] = {"labels.json", "answers.json", "prompt.txt"};

// Types that a folder's tensors can have; empty: those of the base.
std::string folder_type(const std::string& format) {
  if (format.empty() || format == kSafetensors) return "";
  return format;
}

void check_format(const MergeOptions& o) {
  const auto known = merge_formats();
  if (!o.format.empty() && std::ranges::find(known, o.format) == known.end()) {
    fail("jobs.merge", unknown_name("number format", o.format, known));
  }
  if (wants_gguf(o)) return;
  if (!quant::format(o.format.empty() || o.format == kSafetensors ? "f32" : o.format)
           .safetensors_type.empty()) {
    return;
  }
  fail("jobs.merge", fmt::format("{} is no format of a folder's weights. Name a file that ends in "
                                 ".gguf as --out, or another --format: f32, f16 or bf16.",
                                 o.format));
}

// Puts the base's linears, merged, in the place of what the files hold.
class MergedForm final : public TensorChange {
 public:
  MergedForm(const MergedLinears& linears, const MergedModules& modules, bool gguf)
      : linears_(linears), modules_(modules), gguf_(gguf) {}
  void add(arch::GgufForm& form) const override {
    if (modules_.parts_gguf_head()) arch::part_head(form, modules_.head_scale());
  }
  bool changes(const arch::FormTensor& tensor) const override {
    if (modules_.in_gguf(tensor.name)) return true;
    const auto* linear = linears_.in_gguf(tensor.name);
    return linear && linears_.changes(*linear, tensor.weight);
  }
  bool open(arch::FormTensor& tensor) const override {
    if (const train::SavedModule* own = modules_.in_gguf(tensor.name)) {
      tensor.weight = modules_.weight(*own);
      return false;
    }
    if (!changes(tensor)) return false;
    const auto* linear = linears_.in_gguf(tensor.name);
    tensor.weight = linears_.base_weight(*linear, tensor.weight, gguf_);
    tensor.rotary_heads = linear->rotary_heads;
    return true;
  }
  void change(const arch::FormTensor& tensor, int64_t begin, MatView<float> rows) const override {
    linears_.merge(*linears_.in_gguf(tensor.name), begin, rows);
  }

 private:
  const MergedLinears& linears_;
  const MergedModules& modules_;
  bool gguf_;  // the base's files
};

class Job {
 public:
  Job(const MergeOptions& options, const Host& host)
      : options_(options), use_(options.use), host_(host) {
    check_format(options_);
    use_.answer = "scored";
    use_.scores = true;
    if (use_.model.compute == "auto") use_.model.compute = "f32";
    settle();
    path_ = find_model(setup_.model, setup_.models, host);
    check_out();
    open();
  }

  std::optional<MergeReport> run() {
    const std::vector<NamedSetup> setups{{"", use_, setup_}};
    std::optional<ExtractRows> rows;
    std::vector<task::Prediction> before;
    if (!use_.input.empty()) {
      rows.emplace(use_, setups, host_);
      before = answer_rows(use_, setup_, *rows, host_);
      if (host_.context.stopping()) {
        tell_stopped("nothing is written");
        return std::nullopt;
      }
    }
    if (!write()) return std::nullopt;
    if (!rows) return report_;
    ExtractOptions alone = use_;
    alone.adapter.clear();
    alone.index = setup_.index;
    ExtractSetup setup = setup_;
    setup.run.reset();
    setup.model = options_.out.string();
    setup.base = "keep";
    const auto after = answer_rows(alone, setup, *rows, host_);
    if (host_.context.stopping()) {
      tell_stopped("the model is written and whole, and nothing is told of what that cost");
      return std::nullopt;
    }
    report_.comparison = compare_answers(before, after);
    score_answers(use_, setup_, before, after, host_, *report_.comparison);
    return report_;
  }

 private:
  void settle() {
    if (use_.input == "-") {
      fail("jobs.merge", "--data is read twice, so it cannot be standard input. Name a file.");
    }
    setup_ = use_.input.empty() ? settle_adapter(use_, host_) : settle_extract(use_, host_);
    check_has_adapter(use_, setup_);
    if (setup_.run && setup_.base != setup_.run->base) {
      host_.context.warn(
          fmt::format("the adapter was trained on a base in {} and is merged into "
                      "one in {}.",
                      setup_.run->base, setup_.base));
    }
  }

  // Only of a folder can a folder be made.
  void check_gguf_format(const arch::ModelFiles& files) const {
    if (options_.format != kSafetensors) return;
    fail("jobs.merge",
         fmt::format("{} is to be a GGUF file, which has no {}: leave out --format, or name "
                     "another.{}",
                     options_.out.string(), kSafetensors,
                     files.gguf() ? " The base is a GGUF file, of which no folder can be made."
                                  : " For a folder leave out the ending."));
  }

  void check_out() const {
    const arch::ModelFiles files = arch::ModelFiles::open(path_);
    if (!wants_gguf(options_)) {
      if (files.gguf()) {
        fail("jobs.merge", fmt::format("{} is a GGUF file, and the rest of a folder (config.json, "
                                       "the tokenizer's files) cannot be told from it. Write a "
                                       "GGUF file: --out {}.gguf.",
                                       files.path().string(), options_.out.string()));
      }
      CommandInputs read;
      read.files = files.weight_files();
      for (const fs::path& path : {path_, files.path(), fs::path(use_.adapter)}) {
        read.files.push_back(path);
      }
      return check_replaced_folder(options_.out, read, kMergeRecord, options_.overwrite);
    }
    check_gguf_format(files);
    CommandInputs inputs;
    inputs.files = files.weight_files();
    inputs.files.push_back(use_.adapter);
    inputs.add_data(use_.input);
    inputs.add_options(use_.data);
    inputs.folders = {path_, use_.adapter};
    check_gguf_out(options_.out, inputs, options_.overwrite);
  }

  // The model is gone again before tensors are written: some of its weights may be copies.
  void open() {
    OpenedAdapter opened = open_adapter(use_, setup_, path_, host_);
    files_ = opened.session->files();
    setup_.base = arch::resolve_base(files_, setup_.base);
    base_hash_ = opened.session->weights_hash();
    adapter_ = std::move(opened.adapter);
    linears_.emplace(opened.session->model(), *adapter_, setup_.base);
    modules_.emplace(opened.session->model(), files_, *adapter_);
    if (wants_gguf(options_)) modules_->check_gguf();
    report_.adapted = linears_->adapted();
    report_.modules = modules_->names();
    report_.parts_head = wants_gguf(options_) ? modules_->parts_gguf_head()
                                              : modules_->parts_head();
    report_.base = setup_.base;
    report_.format = options_.format.empty() ? settled_format() : options_.format;
    const fs::path kept = wants_gguf(options_) ? fs::path(use_.adapter) : options_.out;
    report_.use = use_of_run(use_, setup_, kept, host_.context);
  }

  // A GGUF base's tensors go back into what they were; a folder's linears into 16 bits.
  std::string settled_format() const {
    if (!wants_gguf(options_)) return kSafetensors;
    if (files_.gguf()) return kKeepFormats;  // which the plan tells
    const std::string format = half_type(files_);
    host_.context.info(fmt::format("no --format is given: the file is written in {}", format));
    return format;
  }

  void tell_stopped(const char* what) const {
    host_.context.warn(fmt::format("stopped while answers were compared: {}.", what));
  }

  bool write() {
    if (!wants_gguf(options_)) return write_folder();
    const MergedForm form(*linears_, *modules_, files_.gguf() != nullptr);
    GgufJob job(files_, {options_.out, report_.format, "merging"}, &form, host_);
    const auto written = job.run();
    if (!written) return false;
    report_.bytes_before = written->bytes_before;
    report_.bytes = written->bytes;
    return true;
  }

  bool write_folder() {
    FolderTarget target{options_.out, folder_type(options_.format), {}};
    for (const char* name : kOfTheRun) {
      const fs::path file = fs::path(use_.adapter) / name;
      if (fs::is_regular_file(file)) target.files[name] = read_file(file);
    }
    if (setup_.calibration) {
      const fs::path file = calibration_file(use_.adapter);
      target.files[file.filename().string()] = read_file(file);
    }
    target.files[card_file_of("").string()] = card();
    target.files[kMergeRecord] = io::dump_json(record(), 2) + "\n";
    const auto sizes = write_merged_folder(files_, {*linears_, *modules_}, target, host_.context);
    if (!sizes) return false;
    report_.bytes_before = sizes->bytes_before;
    report_.bytes = sizes->bytes;
    return true;
  }

  // Where a folder is replaced that has a README of somebody's, that stays.
  std::string card() const {
    const fs::path old = card_file_of(options_.out);
    if (has_other_card(options_.out) && fs::is_regular_file(old)) {
      tell_other_card(old, host_.context);
      return read_file(old);
    }
    const fs::path run(use_.adapter);
    const nlohmann::json of_run = setup_.run ? io::load_json(run / "run.json") : nlohmann::json();
    RunUse use = use_of_run(use_, setup_, ".", Context{});
    if (!use.index.empty()) use.index = "INDEX";
    return sealed_card(
        model_card({CardOf::kMerged, card_title(options_.out), base_identity(files_, setup_.model),
                    of_run, run, setup_.calibration, extract_command(".", use)}));
  }

  nlohmann::json record() const {
    const fs::path weights = fs::path(use_.adapter) / "adapter_model.safetensors";
    return {{"merged_from", setup_.model},
            {"base", setup_.base},
            {"base_hash", base_hash_},
            {"adapter", use_.adapter},
            {"adapter_hash",
             sha256_file(fs::is_directory(use_.adapter) ? weights : fs::path(use_.adapter))},
            {"modules", report_.modules},
            {"format", report_.format},
            {"prompt", setup_.run ? setup_.run->prompt : ""},
            {"chat", report_.use.chat},
            {"version", RELATUM_VERSION},
            {"time", utc_now()},
            {"command", host_.command}};
  }

  const MergeOptions& options_;
  ExtractOptions use_;
  const Host& host_;
  ExtractSetup setup_;
  fs::path path_;
  arch::ModelFiles files_;
  std::string base_hash_;
  std::unique_ptr<train::Adapter> adapter_;
  std::optional<MergedLinears> linears_;
  std::optional<MergedModules> modules_;
  MergeReport report_;
};

}  // namespace

std::vector<std::string> merge_formats() {
  std::vector<std::string> names = quantize_formats();
  names.insert(names.begin(), kSafetensors);
  return names;
}

std::optional<MergeReport> merge(const MergeOptions& options, const Host& host) {
  return Job(options, host).run();
}

}  // namespace relatum::jobs
