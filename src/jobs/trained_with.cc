// The record of a run against what is there now.
#include "jobs/trained_with.h"

#include <fmt/format.h>

#include <filesystem>

#include "arch/model.h"
#include "base/error.h"
#include "base/hash.h"
#include "engine/session.h"
#include "io/gguf.h"
#include "text/chat.h"
#include "train/peft.h"

namespace relatum::jobs {
namespace {

namespace fs = std::filesystem;

void require_finished(const fs::path& folder, const RunInfo& run) {
  if (run.status.empty() || run.status == "done") return;
  if (fs::exists(folder / "adapter_model.safetensors")) return;
  fail("jobs.extract", fmt::format("the run in {} is not finished (its status is '{}'). Go on with "
                                   "its `relatum finetune` command and --resume, then extract.",
                                   folder.string(), run.status));
}

// Labels or answer words of another run would give wrong answers without a word.
void check_files(const ExtractOptions& o, const RunInfo& run, const Host& host) {
  for (const auto& [name, hash] : run.files) {
    const fs::path file = fs::path(o.adapter) / name;
    const bool there = fs::exists(file);
    if (there && sha256_file(file) == hash) continue;
    const std::string what = fmt::format("{} {}", file.string(),
                                         there ? "is not what the run wrote: its SHA-256 is another"
                                               : "is missing, which the run wrote");
    if (!o.force) {
      fail("jobs.extract", fmt::format("{}. Restore it, or add --force if you mean it.", what));
    }
    host.context.warn(what + ".");
  }
}

// Other files may be the same model in another number format, or another model.
void tell_other_base(const ExtractOptions& o, const RunInfo& run, const engine::Session& session,
                     const Host& host) {
  const std::string facts = fmt::format(
      "the adapter was trained with the base {} ({:.12}), and {} "
      "has other weights ({:.12})",
      run.model.empty() ? "of its run" : run.model, run.base_hash, session.model().info().path,
      session.weights_hash());
  if (o.force) return host.context.warn(facts + ".");
  fail("jobs.extract",
       fmt::format("{}: {}. Use the same file; for the same model in another number "
                   "format, --force.",
                   o.adapter, facts));
}

// One that is asked with one blank where it learned two answers worse, and nothing else tells.
void check_blanks(const ExtractOptions& o, const RunInfo& run, const engine::Session& session,
                  const Host& host) {
  if (is_classifier(run) || run.completion_blanks == kCompletionBlanks) return;
  if (!engine::adds_blank(session.tokenizer())) return;
  const std::string what = fmt::format(
      "{}: an earlier version trained it with two blanks in front of each answer, as the tokenizer "
      "adds one of its own, and answers have one now",
      o.adapter);
  if (o.force) return host.context.warn(what + ".");
  fail("jobs.extract", what + ". Train it again, or add --force to use it so.");
}

}  // namespace

void tell_mismatch(const ExtractOptions& o, const Host& host, const std::string& what,
                   const std::string& trained, const std::string& asked) {
  if (o.force) {
    host.context.warn(fmt::format("the adapter was trained with {} '{}' and is used with '{}'.",
                                  what, trained, asked));
    return;
  }
  fail("jobs.extract", fmt::format("{}: the adapter was trained with {} '{}', not '{}'. Use the "
                                   "same, or add --force if you mean it.",
                                   o.adapter, what, trained, asked));
}

std::optional<RunInfo> read_trained(const ExtractOptions& o, const Host& host) {
  const fs::path folder(o.adapter);
  if (!fs::exists(folder / "run.json")) {
    if (!io::GgufFile::recognise(folder)) train::check_adapter_folder(folder);
    return std::nullopt;
  }
  RunInfo run = read_run(folder);
  require_finished(folder, run);
  check_files(o, run, host);
  return run;
}

void check_base(const ExtractOptions& o, const RunInfo& run, const engine::Session& session,
                bool chat, const Host& host) {
  const auto first = [](const std::string& hash) { return hash.substr(0, 12); };
  const auto differ =
      [&](const std::string& what, const std::string& trained, const std::string& now) {
    if (trained != now) tell_mismatch(o, host, what, first(trained), first(now));
  };
  if (has_own_model(run)) {
    if (run.trained_hash != session.weights_hash()) {
      tell_mismatch(o, host, "weights of its own whose hash is", first(run.trained_hash),
                    first(session.weights_hash()));
    }
  } else if (run.base_hash != session.weights_hash()) {
    tell_other_base(o, run, session, host);
  }
  if (run.base != session.base()) {
    tell_mismatch(o, host, "base format", run.base, session.base());
  }
  const auto settings = session.settings();
  const bool grown = has_own_model(run) && is_classifier(run) &&
                     !reads_pairs(run);  // by the markers' words
  for (const auto& [key, trained] : run.base_network) {
    if (grown && key == "vocab_size") continue;
    const auto now = settings.find(key);
    if (now == settings.end() || now->second == trained) continue;  // not read, or the same
    tell_mismatch(o, host, fmt::format("a base whose {} is", key), trained, now->second);
  }
  if (chat && !run.chat_hash.empty()) {
    differ("a chat template whose hash is", run.chat_hash, text::chat_hash(session.tokenizer()));
  }
  check_blanks(o, run, session, host);
  if (run.tokenizer_hash.empty()) return;  // a record of a version that kept none
  differ("a tokenizer whose hash is", run.tokenizer_hash, session.tokenizer_hash());
}

}  // namespace relatum::jobs
