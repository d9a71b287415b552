// Renders a parsed template: runs statements, computes expressions.
#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/printable.h"
#include "text/jinja.h"
#include "text/jinja_builtins.h"
#include "text/jinja_parser.h"

namespace relatum::text::jinja {
namespace {

constexpr uint64_t kStep = 32;          // what computing one expression costs of the budget
constexpr int64_t kMostItems = 100000;  // of a range, as jinja2's sandbox has it

enum class Flow { kOn, kBreak, kContinue };

class Renderer {
 public:
  Renderer(Variables variables, uint64_t most) : budget_(most) {
    scopes_.push_back(std::move(variables));
  }

  MarkedText run(const Body& body) {
    execute(body);
    return std::move(out_);
  }

 private:
  Flow execute(const Body& body) {
    for (const Statement& statement : body) {
      budget_.line = statement.line;
      budget_.spend(kStep);
      if (const Flow flow = execute(statement); flow != Flow::kOn) return flow;
    }
    return Flow::kOn;
  }

  Flow execute(const Statement& statement) {
    switch (statement.kind) {
      case StatementKind::kText:
        budget_.spend(statement.text.size());
        out_.append(statement.text);
        break;
      case StatementKind::kPrint: print(value_of(statement.exprs[0])); break;
      case StatementKind::kIf: return run_if(statement);
      case StatementKind::kFor: return run_for(statement);
      case StatementKind::kSet: run_set(statement); break;
      case StatementKind::kBlock: return run_block(statement);
      case StatementKind::kBreak: return Flow::kBreak;
      case StatementKind::kContinue: return Flow::kContinue;
    }
    return Flow::kOn;
  }

  void print(const Value& value) {
    budget_.spend(value.as_text() ? value.as_text()->memory() : 8 * extent(value).size);
    if (const MarkedText* text = value.as_text()) out_.append(*text);
    else out_.append(to_text(value));
  }

  Flow run_if(const Statement& statement) {
    for (size_t i = 0; i < statement.exprs.size(); ++i) {
      if (truth(value_of(statement.exprs[i]))) return execute(statement.bodies[i]);
    }
    const bool otherwise = statement.bodies.size() > statement.exprs.size();
    return otherwise ? execute(statement.bodies.back()) : Flow::kOn;
  }

  /// A body with variables of its own.
  Flow run_scope(const Body& body, Variables variables) {
    scopes_.push_back(std::move(variables));
    const Flow flow = execute(body);
    scopes_.pop_back();
    return flow;
  }

  Flow run_block(const Statement& statement) {
    Variables variables;
    for (size_t i = 0; i < statement.exprs.size(); ++i) {
      variables[statement.targets[i]] = value_of(statement.exprs[i]);
    }
    return run_scope(statement.bodies[0], std::move(variables));
  }

  void unpack(const std::vector<std::string>& targets, const Value& value, Variables& variables) {
    if (targets.size() == 1) {
      variables[targets[0]] = value;
      return;
    }
    const std::vector<Value> parts = items_of(value, budget_);
    if (parts.size() != targets.size()) {
      refuse(budget_.line,
             fmt::format("gives {} names to {} values", targets.size(), parts.size()));
    }
    for (size_t i = 0; i < parts.size(); ++i) variables[targets[i]] = parts[i];
  }

  /// What a loop goes over, its condition met.
  std::vector<Value> loop_items(const Statement& loop) {
    std::vector<Value> items = items_of(value_of(loop.exprs[0]), budget_);
    if (loop.exprs.size() < 2) return items;
    std::vector<Value> kept;
    for (const Value& item : items) {
      Variables variables;
      unpack(loop.targets, item, variables);
      scopes_.push_back(std::move(variables));
      if (truth(value_of(loop.exprs[1]))) kept.push_back(item);
      scopes_.pop_back();
    }
    return kept;
  }

  Flow run_for(const Statement& statement) {
    const std::vector<Value> items = loop_items(statement);
    if (items.empty() && statement.bodies.size() > 1) return run_scope(statement.bodies[1], {});
    Loop loop;
    loop.length = int64_t(items.size());
    loop.previous = Value::Kinds(Undefined{"loop.previtem"});
    for (size_t i = 0; i < items.size(); ++i) {
      budget_.spend(kStep);
      loop.index0 = int64_t(i);
      loop.next = i + 1 < items.size() ? items[i + 1]
                                       : Value(Value::Kinds(Undefined{"loop.nextitem"}));
      Variables variables;
      unpack(statement.targets, items[i], variables);
      variables["loop"] = Value::Kinds(std::make_shared<const Loop>(loop));
      if (run_scope(statement.bodies[0], std::move(variables)) == Flow::kBreak) break;
      loop.previous = items[i];
    }
    return Flow::kOn;
  }

  void run_set(const Statement& statement) {
    Value value;
    if (statement.bodies.empty()) {
      value = value_of(statement.exprs[0]);
    } else {
      MarkedText outer = std::exchange(out_, MarkedText());
      run_scope(statement.bodies[0], {});
      value = Value::text(std::exchange(out_, std::move(outer)));
    }
    if (statement.member.empty()) return unpack(statement.targets, value, scopes_.back());
    const Value target = look_up(statement.targets[0]);
    const auto* space = target.get_if<std::shared_ptr<Namespace>>();
    if (!space) {
      refuse(statement.line,
             fmt::format("sets a member of '{}', which is no namespace", statement.targets[0]));
    }
    set_member(**space, statement.member, value);
  }

  // What no list can hold, no namespace can: it could come to hold itself.
  static void set_member(Namespace& space, const std::string& name, const Value& value) {
    Value::list({value});
    space.members[name] = value;
  }

  Value look_up(const std::string& name) const {
    for (auto scope = scopes_.rbegin(); scope != scopes_.rend(); ++scope) {
      const auto found = scope->find(name);
      if (found != scope->end()) return found->second;
    }
    // So that a template that asks whether dates can be had does without.
    const bool callable = name != "strftime_now" && is_function(name);
    return callable ? Value(Value::Kinds(Function{name})) : Value(Value::Kinds(Undefined{name}));
  }

  Value value_of(const Expr& expr) {
    budget_.line = expr.line;
    budget_.spend(kStep);
    switch (expr.kind) {
      case ExprKind::kConstant: return expr.value;
      case ExprKind::kName: return look_up(expr.name);
      case ExprKind::kList: return Value::list(values_of(expr, 0));
      case ExprKind::kDict: return dict(expr);
      case ExprKind::kAttribute: return attribute(value_of(expr.args[0]), expr.name, budget_);
      case ExprKind::kItem: return item(value_of(expr.args[0]), value_of(expr.args[1]), budget_);
      case ExprKind::kSlice: return slice(value_of(expr.args[0]), values_of(expr, 1), budget_);
      case ExprKind::kCall: return function(expr);
      case ExprKind::kMethod: return call_method(call(expr));
      case ExprKind::kFilter: return call_filter(call(expr));
      case ExprKind::kTest: return Value::Kinds(call_test(call(expr)));
      case ExprKind::kUnary: return unary(expr);
      case ExprKind::kBinary: return two(expr);
      case ExprKind::kCompare: return comparison(expr);
      case ExprKind::kChoice: return choice(expr);
    }
    return {};
  }

  std::vector<Value> values_of(const Expr& expr, size_t first) {
    std::vector<Value> values;
    for (size_t i = first; i < expr.args.size(); ++i) values.push_back(value_of(expr.args[i]));
    return values;
  }

  Call call(const Expr& expr) {
    Call made{expr.name, value_of(expr.args[0]), values_of(expr, 1), {}, budget_};
    for (const auto& [name, arg] : expr.named) made.named.emplace_back(name, value_of(arg));
    budget_.line = expr.line;
    return made;
  }

  Value dict(const Expr& expr) {
    const std::vector<Value> values = values_of(expr, 0);
    Pairs pairs;
    for (size_t i = 0; i + 1 < values.size(); i += 2) put(pairs, values[i], values[i + 1]);
    return Value::dict(std::move(pairs));
  }

  void put(Pairs& pairs, const Value& key, const Value& value) {
    budget_.spend(8 * pairs.size() + extent(key).size);
    for (auto& [known, old] : pairs) {
      if (!equal(known, key)) continue;
      old = value;
      return;
    }
    pairs.emplace_back(key, value);
  }

  Value unary(const Expr& expr) {
    const Value value = value_of(expr.args[0]);
    if (expr.name == "not") return Value::Kinds(!truth(value));
    return binary(expr.name, Value::Kinds(int64_t{0}), value, budget_);
  }

  Value two(const Expr& expr) {
    Value left = value_of(expr.args[0]);
    if (expr.name == "and") return truth(left) ? value_of(expr.args[1]) : left;
    if (expr.name == "or") return truth(left) ? left : value_of(expr.args[1]);
    const Value right = value_of(expr.args[1]);
    budget_.line = expr.line;
    return binary(expr.name, left, right, budget_);
  }

  Value comparison(const Expr& expr) {
    Value left = value_of(expr.args[0]);
    for (size_t i = 0; i < expr.operators.size(); ++i) {
      Value right = value_of(expr.args[i + 1]);
      if (!compare(expr.operators[i], left, right, budget_)) return Value::Kinds(false);
      left = std::move(right);
    }
    return Value::Kinds(true);
  }

  Value choice(const Expr& expr) {
    if (truth(value_of(expr.args[1]))) return value_of(expr.args[0]);
    if (expr.args.size() > 2) return value_of(expr.args[2]);
    return Value::Kinds(Undefined{"the other choice"});
  }

  Value function(const Expr& expr) {
    Call made{expr.name, {}, values_of(expr, 0), {}, budget_};
    for (const auto& [name, arg] : expr.named) made.named.emplace_back(name, value_of(arg));
    budget_.line = expr.line;
    if (expr.name == "range") return range(made);
    if (expr.name == "namespace" || expr.name == "dict") return members(made);
    if (expr.name == "strftime_now") {
      refuse(expr.line,
             "writes today's date (strftime_now), and prompts that depend on the day are "
             "not supported");
    }
    const Value message = made.bind({"message"})[0];
    fail("text.chat",
         fmt::format("the model's chat template does not take this conversation: '{}'.",
                     printable_start(made.text_of(message).text, 300)));
  }

  Value members(const Call& call) {
    Pairs pairs;
    if (!call.args.empty()) {
      const Pairs* given = call.args[0].as_dict();
      if (!given || call.args.size() > 1) call.refuse("it takes a dict or named arguments");
      pairs = *given;
    }
    for (const auto& [name, value] : call.named) put(pairs, Value::text(name), value);
    if (call.name == "dict") return Value::dict(std::move(pairs));
    auto space = std::make_shared<Namespace>();
    for (const auto& [key, value] : pairs) set_member(*space, call.text_of(key).text, value);
    return Value::Kinds(std::move(space));
  }

  Value range(const Call& call) {
    if (call.args.empty() || call.args.size() > 3) call.refuse("it takes one to three integers");
    std::vector<int64_t> limits;
    for (const Value& arg : call.args) limits.push_back(call.int_of(arg));
    if (limits.size() == 1) limits.insert(limits.begin(), 0);
    const int64_t step = limits.size() > 2 ? limits[2] : 1;
    if (step == 0) call.refuse("its step is 0");
    std::vector<Value> items;
    for (int64_t at = limits[0]; step > 0 ? at < limits[1] : at > limits[1];) {
      if (int64_t(items.size()) == kMostItems) call.refuse("it has more than 100,000 items");
      budget_.spend(sizeof(Value));
      const Value number{Value::Kinds(at)};
      items.push_back(number);
      if (__builtin_add_overflow(at, step, &at)) break;
    }
    return Value::list(std::move(items));
  }

  Budget budget_;
  std::vector<Variables> scopes_;
  MarkedText out_;
};

}  // namespace

Template Template::parse(std::string_view source) {
  Template made;
  made.body_ = std::make_shared<const Body>(parse_template(source));
  return made;
}

MarkedText Template::render(Variables variables) const {
  // Templates copy what they are given a few times, and look through it character by character.
  constexpr uint64_t kLeast = 16 << 20, kPerByte = 64;
  uint64_t given = 0;
  for (const auto& [name, value] : variables) {
    given += std::min<uint64_t>(extent(value).size, uint64_t{1} << 40);
  }
  return Renderer(std::move(variables), kLeast + kPerByte * given).run(*body_);
}

}  // namespace relatum::text::jinja
