// relatum convert: data of any format that is read, in the form of another program.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <system_error>
#include <vector>

#include "app/command.h"
#include "app/data_help.h"
#include "app/options.h"
#include "app/output.h"
#include "base/atomic_file.h"
#include "base/counted.h"
#include "base/error.h"
#include "base/whole_folder.h"
#include "jobs/output_path.h"
#include "task/convert.h"
#include "task/write_labelstudio.h"

namespace relatum::app {
namespace {

namespace fs = std::filesystem;

struct Options {
  std::string data, to, out, relabel;
  bool skip_bad_rows = false, overwrite = false;
};

void check_new_folder(const fs::path& folder) {
  std::error_code ignored;
  if (!fs::exists(folder, ignored) || fs::is_empty(folder, ignored)) return;
  fail("app.convert", fmt::format("{} is there and not empty. Name another folder, or remove it.",
                                  folder.string()));
}

jobs::DataChoice choice_of(const Options& o) {
  jobs::DataChoice choice;
  choice.relabel = o.relabel;
  choice.skip_bad_rows = o.skip_bad_rows;
  choice.keep_unknown_labels = true;
  return choice;
}

/// Whether a table of these data needs the columns of documents.
bool has_documents(const task::Spec& spec, const task::LoadOptions& options) {
  bool found = false;
  task::read_documents(spec, options, [&](task::Document&& document) {
    found = found || task::needs_document_row(document);
  });
  return found;
}

/// Reads all documents into the writer and tells what the data and the writer have to say.
void pass_on(const task::Spec& spec, const Options& o, task::DocumentWriter& writer,
             Environment& environment,
             const std::function<void(const task::Document&)>& seen = {}) {
  const jobs::DataChoice choice = choice_of(o);
  const task::Dataset data = task::read_documents(spec, choice.options(true, environment.host()),
                                                  [&](task::Document&& document) {
    if (seen) seen(document);
    writer.add(document);
  });
  writer.finish();
  jobs::tell_data(data, !o.relabel.empty(), environment.context());
  for (const std::string& remark : writer.remarks()) environment.context().warn(remark);
  environment.context().info(
      fmt::format("{} ({}) as {}: {}", o.data, data.format, o.to,
                  counted(data.count, "document or pair", "documents or pairs")));
}

/// Tasks, and beside them the configuration that they need.
int write_studio(const task::Spec& spec, const Options& o, const jobs::CommandInputs& inputs,
                 Environment& environment) {
  const bool file = o.out != "-";
  const fs::path place = file ? task::studio_configuration(o.out) : fs::path();
  if (file) jobs::check_new_file(place, inputs, o.overwrite);
  Output output(o.out);
  task::LabelStudioWriter writer([&](std::string_view text) { output.write(text); });
  pass_on(spec, o, writer, environment);
  if (file) {
    write_file(place, writer.configuration({}, {}));
    environment.context().info(fmt::format(
        "{} is the labelling configuration for a project of these tasks.", place.string()));
  }
  output.commit();
  return kDone;
}

/// Texts and annotations, and the configuration without which brat marks their types as unknown.
int write_brat(const task::Spec& spec, const Options& o, Environment& environment) {
  WholeFolder folder(o.out);
  const auto writer = task::brat_writer(folder.path());
  std::set<std::string> types, labels;
  pass_on(spec, o, *writer, environment, [&](const task::Document& document) {
    for (const task::Entity& each : document.entities) types.insert(each.span.type);
    for (const task::Relation& each : document.relations) labels.insert(each.label);
  });
  const std::vector<std::string> entities(types.begin(), types.end()),
      relations(labels.begin(), labels.end());
  write_file(folder.path() / task::kBratConfiguration,
             task::brat_configuration(entities, relations));
  folder.commit();
  return kDone;
}

int run(const Options& o, Environment& environment) {
  const task::Spec spec = task::parse_spec(o.data);
  if (spec.window || !spec.negative.empty()) {
    fail("app.convert",
         fmt::format("{}: window= and negative= decide on the pairs of documents, and documents "
                     "are written whole. Leave them out.",
                     o.data));
  }
  if (o.to == "brat") {
    if (o.overwrite || o.out == "-") {
      fail("app.convert",
           "brat's files are written to a new folder: --overwrite and standard "
           "output are for the other formats. Name a folder that is not there.");
    }
    check_new_folder(o.out);
    return write_brat(spec, o, environment);
  }
  jobs::CommandInputs inputs;
  inputs.add_data(o.data);
  if (o.out != "-") jobs::check_new_file(o.out, inputs, o.overwrite);
  if (o.to == "labelstudio") return write_studio(spec, o, inputs, environment);
  // Standard input can be read once.
  const bool documents = o.to == "csv" &&
                         (spec.path == "-" ||
                          has_documents(spec, choice_of(o).options(true, environment.host())));
  Output output(o.out);
  const task::Put put = [&](std::string_view text) { output.write(text); };
  const auto writer = o.to == "csv"      ? task::csv_writer(put, documents)
                      : o.to == "tacred" ? task::tacred_writer(put)
                                         : task::jsonl_writer(put);
  pass_on(spec, o, *writer, environment);
  output.commit();
  return kDone;
}

Action define(CLI::App& app) {
  const auto o = std::make_shared<Options>();
  app.add_option("data", o->data, "FORMAT:PATH, or PATH where the format shows")->required();
  app.add_option("--to", o->to,
                 fmt::format("The format to write: {}", fmt::join(task::written_formats(), ", ")))
      ->required()
      ->check(CLI::IsMember(task::written_formats()));
  app.add_option("--out", o->out,
                 "The file, or - for standard output; of brat, a new folder. Beside Label Studio's "
                 "FILE.json comes FILE.xml, the labelling configuration")
      ->required();
  app.add_option("--relabel", o->relabel, "tacrev:PATCH or retacred:PATCH");
  app.add_flag("--skip-bad-rows", o->skip_bad_rows,
               "Skip malformed rows with a warning instead of stopping at the first");
  app.add_flag("--overwrite", o->overwrite, "Replace an existing file");
  app.footer(
      data_help(false) +
      "\nExamples:\n  relatum convert notes/ --to jsonl --out notes.jsonl       # from brat\n"
      "  relatum convert labelstudio:export.json --to brat --out for-brat");
  return [o](Environment& environment) { return run(*o, environment); };
}

}  // namespace

const Command& command_convert() {
  static const Command command{
      "convert", "Write data of any format as JSON lines, TACRED's JSON, CSV, brat or Label Studio",
      define};
  return command;
}

}  // namespace relatum::app
