// relatum tokenize: text to token ids, as a model's tokenizer sees it.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <istream>
#include <memory>
#include <nlohmann/json.hpp>

#include "app/command.h"
#include "app/options.h"
#include "base/error.h"
#include "io/json.h"
#include "io/text_file.h"
#include "text/tokenizer.h"

namespace relatum::app {
namespace {

struct Options {
  NamedModelOptions model;
  std::string text = "-";
  bool special = false;
};

void print(const text::Tokenizer& tokenizer, const std::string& line, bool special) {
  if (const std::string problem = io::encoding_problem(line, false); !problem.empty()) {
    fail("app.tokenize", fmt::format("the text {}. Give it in UTF-8.", problem));
  }
  const auto ids = special ? tokenizer.encode_with_special(line) : tokenizer.encode(line);
  nlohmann::json tokens = nlohmann::json::array();
  for (const int32_t id : ids) tokens.push_back(std::string(tokenizer.token(id)));
  fmt::print("{}\n", io::dump_json({{"ids", ids}, {"tokens", tokens}}));
}

int run(const Options& o, Environment& environment) {
  const auto tokenizer = text::load_tokenizer(o.model.path(environment));
  if (o.text != "-") {
    print(*tokenizer, o.text, o.special);
    return kDone;
  }
  for (std::string line; std::getline(environment.input(), line);) {
    print(*tokenizer, line, o.special);
  }
  return kDone;
}

Action define(CLI::App& app) {
  const auto o = std::make_shared<Options>();
  o->model.define(app);
  app.add_option("--text", o->text, "Text to tokenize; -: standard input, line by line");
  app.add_flag("--special", o->special, "Add the tokenizer's special tokens: BOS, [CLS] … [SEP]");
  app.footer("Example:\n  relatum tokenize --model smollm2-135m-instruct --text \"Relation:\"");
  return [o](Environment& environment) { return run(*o, environment); };
}

}  // namespace

const Command& command_tokenize() {
  static const Command command{"tokenize", "Show a text's token ids", define};
  return command;
}

}  // namespace relatum::app
