// The stages of an extraction, in order.
#include "jobs/extract.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>
#include <vector>

#include "base/counted.h"
#include "base/error.h"
#include "base/stopwatch.h"
#include "jobs/answer_rule.h"
#include "jobs/extract_blocks.h"
#include "jobs/extract_entities.h"
#include "jobs/extract_record.h"
#include "jobs/extract_task.h"
#include "jobs/style_choice.h"
#include "jobs/while_input_waits.h"
#include "jobs/without_effect.h"

namespace relatum::jobs {
namespace {

// Refuses a row that is too long before the first is answered, as far as that can be told without
// its neighbours.
void check_lengths(const ExtractOptions& options, const ExtractRows& rows, const Answerer& answerer,
                   const Context& context) {
  const auto needs_example = [](const NamedSetup& each) {
    return each.setup.style.body.needs_example();
  };
  const bool told_later = std::ranges::all_of(answerer.setups(), needs_example);
  if (options.data.skip_bad_rows || !rows.count() || told_later) return;
  rows.each([&](task::Example&& example) {
    if (context.stopping()) throw Stopped{};
    answerer.check_length(example);
  });
}

// Whether all rows were answered. What was answered stands in the output, whatever comes.
bool answer_all(const ExtractRows& rows, ExtractBlocks& blocks, ExtractOutput& output,
                const Context& context) {
  try {
    rows.each([&](task::Example&& example) { blocks.add(std::move(example)); });
    blocks.answer();
  } catch (const Stopped&) {
    context.end_progress();
    output.save();
    return false;
  } catch (const Error&) {
    context.end_progress();
    const bool stopping = context.stopping();
    if (!stopping) blocks.answer_what_waits();
    output.save();
    if (!stopping) throw;
    return false;
  }
  context.end_progress();
  return true;
}

// Of the style that an adapter was trained with its fine-tuning told, and there is no other choice.
void tell_styles(const Answerer& answerer, const Context& context) {
  std::set<std::string> told;
  for (const NamedSetup& each : answerer.setups()) {
    const std::string hash = task::style_hash(each.setup.style);
    if (each.setup.run && each.setup.run->prompt_hash == hash) continue;
    if (!told.insert(hash).second) continue;
    tell_lost_characters(each.setup.style, answerer.session().tokenizer(), context);
  }
}

// Each adapter's own label that means no relation.
task::PredictionFilter filter_of(const ExtractOptions& options, std::span<const NamedSetup> setups,
                                 const ExtractRows& rows) {
  task::PredictionFilter filter{options.min_probability, std::nullopt};
  for (size_t i = 0; i < setups.size(); ++i) {
    const auto& run = setups[i].setup.run;
    const auto negative = skipped_label(options, rows.labels(i), run ? run->negative : "");
    if (setups[i].name.empty()) {
      filter.negative = negative;
    } else if (negative) {
      filter.negative_of[setups[i].name] = *negative;
    }
  }
  return filter;
}

void tell_lengths(const Answerer::Counts& counts, const Context& context) {
  if (!counts.too_long) return;
  context.warn(counts.too_long == 1
                   ? counts.first_too_long + ". This row is too long and gets null as its answer."
                   : fmt::format("{}. {} rows are too long and get null as their answers.",
                                 counts.first_too_long, counts.too_long));
}

void tell_result(const ExtractOptions& options, const ExtractResult& result, double loading,
                 const Context& context) {
  const ExtractProgress& p = result.progress;
  const std::string rows = counted(p.rows, "sentence");
  const bool file = options.out != "-";
  if (!result.finished) {
    context.info(p.rows == 0 ? "interrupted; nothing was written."
                 : file ? fmt::format("interrupted; {} answered so far {} kept in {}. Go on with "
                                      "the same command and --resume.",
                                      rows, p.rows == 1 ? "is" : "are",
                                      PartFile::path_for(options.out).string())
                        : fmt::format("interrupted after {}.", rows));
    return;
  }
  const std::string after =  // what is rounded to 0 s tells nothing
      loading >= 1 ? fmt::format(" after {} of loading", duration_text(loading)) : "";
  context.info(fmt::format("{} answered in {} ({:.1f} a second){}, written to {}", rows,
                           duration_text(p.seconds), double(p.rows) / std::max(1e-9, p.seconds),
                           after, file ? options.out : "standard output"));
  if (p.overlap) {
    context.info(
        fmt::format("{} of {} sentences have their own text as first example of the index.",
                    p.overlap, p.rows));
  }
  const int64_t unparsed = p.without_label - p.too_long;
  if (unparsed) context.info(fmt::format("answers that could not be parsed: {}", unparsed));
  if (p.left_out) context.info(fmt::format("answers left out of the output: {}", p.left_out));
}

}  // namespace

ExtractResult extract(const ExtractOptions& options, const Host& host) {
  if (extract_task(options) != "relations") return extract_entities(options, host);
  if (options.given_entities) {
    fail("jobs.extract",
         "--given-entities is for --task joint; --task relations asks for the pairs that documents "
         "list without it. Leave one of them out.");
  }
  const Stopwatch watch;
  extract_format(options);
  check_answer_rule(options);
  const std::vector<NamedSetup> setups = settle_adapters(options, host);
  tell_without_effect(options, setups, host.context);
  check_extract_output(options, setups, host);
  const ExtractRows rows(options, setups, host);
  const task::PredictionFilter filter = filter_of(options, setups, rows);
  Answerer answerer(options, setups, rows.all_labels(), host);
  answerer.set_file(rows.file());
  tell_styles(answerer, host.context);
  tell_rules(answerer, host.context);
  const ExtractParts parts{options, setups, rows, filter, answerer};
  ExtractResult result;
  try {
    check_lengths(options, rows, answerer, host.context);
  } catch (const Stopped&) {
    tell_result(options, result, watch.seconds(), host.context);
    return result;
  }
  ExtractOutput output(options, filter,
                       options.out == "-" ? ExtractIdentity{} : extract_identity(parts), host);
  ExtractBlocks blocks(rows.count(), answerer, output, host.context);
  const double loading = watch.seconds();
  {
    const WhileInputWaits answering(host, [&] { blocks.answer(); });
    result.finished = answer_all(rows, blocks, output, host.context);
  }
  if (result.finished) {
    output.finish(extract_record(parts, output.progress(), loading, host));
  }
  result.progress = output.progress();
  tell_lengths(answerer.counts(), host.context);
  tell_result(options, result, loading, host.context);
  return result;
}

}  // namespace relatum::jobs
