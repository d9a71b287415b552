// relatum run: index, fine-tuning, extraction and evaluation from one file into one folder.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>
#include <optional>
#include <sstream>
#include <toml++/toml.h>

#include "app/command.h"
#include "app/environment.h"
#include "app/run_command_line.h"
#include "base/atomic_file.h"
#include "base/error.h"
#include "io/text_file.h"

namespace relatum::app {
namespace {

namespace fs = std::filesystem;
using Arguments = std::vector<std::string>;

constexpr const char* kExample =
    "out = \"runs/semeval\"\n"
    "model = \"smollm2-135m-instruct\"\n"
    "train = \"semeval2010:TRAIN_FILE.TXT\"\n"
    "test = \"semeval2010:TEST_FILE_FULL.TXT\"\n"
    "prompt = \"roles-nolist\"\n"
    "[index]            # leave out to work without retrieval\n"
    "embedder = \"all-minilm-l6-v2\"\n"
    "[finetune]         # keys are the command's flags\n"
    "holdout = 800\n"
    "epochs = 3\n"
    "[extract]\n"
    "scores = true\n"
    "[evaluate]\n";

class Config {
 public:
  explicit Config(const std::string& path) : path_(path) {
    try {
      table_ = toml::parse(io::read_text(path), path);
    } catch (const toml::parse_error& error) {
      fail("app.run", fmt::format("{}:{}: {}.", path, error.source().begin.line,
                                  error.description()));
    }
    for (const auto& [key, value] : table_) {
      const std::string name(key.str());
      const bool known = name == "out" || name == "model" || name == "models" || name == "train" ||
                         name == "test" || name == "prompt" || name == "labels" || is_stage(name);
      if (known && is_stage(name) == value.is_table()) continue;
      fail("app.run", fmt::format("{}:{}: '{}' is not known here. Top keys are out, model, models, "
                                  "train, test, prompt, labels; tables are index, finetune, "
                                  "extract and evaluate.", path, value.source().begin.line, name));
    }
  }

  static bool is_stage(const std::string& name) {
    return name == "index" || name == "finetune" || name == "extract" || name == "evaluate";
  }
  bool has(const char* key) const { return table_.contains(key); }
  std::string text(const char* key) const {
    const auto value = table_[key].value<std::string>();
    if (!value) {
      fail("app.run", fmt::format("{}: '{}' is missing. It must be a string.", path_, key));
    }
    return *value;
  }

  std::optional<std::string> flag(const char* stage, const char* key) const {
    return table_[stage][key].value<std::string>();
  }

  // The stage's flags: `key = value` becomes --key value, true a flag, false nothing.
  Arguments flags(const char* stage) const {
    Arguments result;
    const toml::table* table = table_[stage].as_table();
    for (const auto& [key, value] : *table) {
      const std::string flag = "--" + std::string(key.str());
      if (const auto on = value.value_exact<bool>()) {
        if (*on) result.push_back(flag);
        continue;
      }
      if (value.is_table() || value.is_array()) {
        fail("app.run", fmt::format("{}:{}: '{}' must be a number, a string, true or false.", path_,
                                    value.source().begin.line, flag.substr(2)));
      }
      std::ostringstream shown;
      if (const auto string = value.value_exact<std::string>()) {
        shown << *string;
      } else {
        value.visit([&](const auto& node) { shown << node; });
      }
      result.push_back(flag);
      result.push_back(shown.str());
    }
    return result;
  }

 private:
  std::string path_;
  toml::table table_;
};

class Plan {
 public:
  Plan(const Config& config, Environment& environment)
      : config_(config), environment_(environment), out_(config.text("out")) {}

  int run(const std::string& source) {
    plan();
    write_file(out_ / "config.toml", read_file(source));
    for (const Stage& stage : stages_) {
      environment_.context().info("> " + stage.line);
      if (const int status = stage.action(environment_)) return status;
    }
    return kDone;
  }

 private:
  struct Stage {
    std::string line;
    Action action;
  };

  std::string place(const char* name) const { return (out_ / name).string(); }

  // Reads all stages before the first runs, so that a slip in the last costs no hours.
  void plan() {
    const Arguments common = optional("models", "--models");
    const Arguments labels = optional("labels", "--labels");
    const Arguments model = {"--model", config_.text("model")};
    const Arguments prompt = {"--prompt", config_.text("prompt")};
    const Arguments adapter = config_.has("finetune") ? Arguments{"--adapter", place("run")}
                                                      : Arguments{};
    Arguments index;
    if (config_.has("index")) {
      index = {"--index", place("index")};
      const auto embedder = config_.flag("index", "embedder");
      if (embedder) index.insert(index.end(), {"--embedder", *embedder});
    }
    add("index", {{"--data", config_.text("train"), "--out", place("index")}, labels, common});
    add("finetune", {model, {"--train", config_.text("train"), "--out", place("run")}, prompt,
                     index, labels, common});
    add("extract", {model, adapter, prompt, index, labels, common,
                    {"--data", config_.text("test"), "--out", place("predictions.jsonl")}});
    add("evaluate", {{"--data", config_.text("test"), "--predictions", place("predictions.jsonl"),
                      "--report", place("report.html")}, labels});
  }

  Arguments optional(const char* key, const char* flag) const {
    return config_.has(key) ? Arguments{flag, config_.text(key)} : Arguments{};
  }

  // Adds a stage that the file asks for; its own flags come last.
  void add(const char* name, const std::vector<Arguments>& groups) {
    if (!config_.has(name)) return;
    Arguments arguments = {name};
    for (const Arguments& group : groups) {
      arguments.insert(arguments.end(), group.begin(), group.end());
    }
    const Arguments flags = config_.flags(name);
    arguments.insert(arguments.end(), flags.begin(), flags.end());
    std::string line = "relatum";
    for (const std::string& argument : arguments) line += " " + argument;
    stages_.push_back({line, parse_command(arguments)});
  }

  const Config& config_;
  Environment& environment_;
  fs::path out_;
  std::vector<Stage> stages_;
};

Action define(CLI::App& app) {
  const auto path = std::make_shared<std::string>();
  app.add_option("config", *path, "TOML file")->required();
  app.footer(std::string("A file such as:\n") + kExample +
             "writes OUT/{config.toml,index,run,predictions.jsonl,report.html}.");
  return [path](Environment& environment) {
    const Config config(*path);
    return Plan(config, environment).run(*path);
  };
}

}  // namespace

const Command& command_run() {
  static const Command command{"run", "Do all of it from one file into one folder", define};
  return command;
}

}  // namespace relatum::app
