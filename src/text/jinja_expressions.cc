// Parses expressions, by Jinja's order of precedence.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/printable.h"
#include "text/jinja_builtins.h"
#include "text/jinja_parser.h"

namespace relatum::text::jinja {
namespace {

constexpr int kDeepest = 100;  // of brackets within brackets, and of expressions within others

Expr make(ExprKind kind, size_t line, std::string name = "", std::vector<Expr> args = {}) {
  Expr expr;
  expr.kind = kind;
  expr.line = line;
  expr.name = std::move(name);
  expr.args = std::move(args);
  for (const Expr& arg : expr.args) expr.depth = std::max(expr.depth, arg.depth + 1);
  if (expr.depth > kDeepest) refuse(line, "has an expression that is nested too deep");
  return expr;
}

Expr constant(size_t line, Value value) {
  Expr expr = make(ExprKind::kConstant, line);
  expr.value = std::move(value);
  return expr;
}

Expr none(size_t line) { return constant(line, Value::Kinds(None{})); }

template <class... Args>
Expr make_of(ExprKind kind, size_t line, std::string name, Args... args) {
  std::vector<Expr> all;
  (all.push_back(std::move(args)), ...);
  return make(kind, line, std::move(name), std::move(all));
}

class Parser {
 public:
  explicit Parser(Cursor& cursor) : cursor_(cursor) {}

  Expr choice(bool choices) {
    if (++depth_ > kDeepest) refuse(line(), "has an expression that is nested too deep");
    Expr expr = either();
    while (choices && cursor_.at_name("if")) {
      const size_t at = line();
      cursor_.next();
      Expr condition = either();
      if (cursor_.take_name("else")) {
        expr = make_of(ExprKind::kChoice, at, "", std::move(expr), std::move(condition),
                       choice(true));
      } else {
        expr = make_of(ExprKind::kChoice, at, "", std::move(expr), std::move(condition));
      }
    }
    --depth_;
    return expr;
  }

  Expr tuple(bool choices) {
    const size_t at = line();
    std::vector<Expr> items;
    bool comma = false;
    while (!ends_tuple()) {
      items.push_back(choice(choices));
      if (!cursor_.take_operator(",")) break;
      comma = true;
    }
    if (items.empty() && !comma) cursor_.unexpected("an expression");
    if (items.size() == 1 && !comma) return std::move(items.front());
    return make(ExprKind::kList, at, "", std::move(items));
  }

 private:
  size_t line() const { return cursor_.peek().line; }

  bool ends_tuple() const {
    const TokenKind kind = cursor_.peek().kind;
    return kind == TokenKind::kTagEnd || kind == TokenKind::kPrintEnd || cursor_.at_operator(")") ||
           cursor_.at_name("in");
  }

  /// left op right op right …, `lower` parses what stands between; names and operators count.
  template <class Lower>
  Expr chain(std::initializer_list<std::string_view> ops, const Lower& lower) {
    Expr left = lower();
    while (true) {
      const auto op = std::ranges::find_if(ops, [&](std::string_view each) {
        return cursor_.at_operator(each) || cursor_.at_name(each);
      });
      if (op == ops.end()) return left;
      const size_t at = line();
      cursor_.next();
      left = make_of(ExprKind::kBinary, at, std::string(*op), std::move(left), lower());
    }
  }

  Expr either() {
    return chain({"or"}, [this] { return both(); });
  }
  Expr both() {
    return chain({"and"}, [this] { return negation(); });
  }

  Expr negation() {
    const size_t at = line();
    if (!cursor_.take_name("not")) return comparison();
    if (++depth_ > kDeepest) refuse(at, "has an expression that is nested too deep");
    Expr inner = negation();
    --depth_;
    return make_of(ExprKind::kUnary, at, "not", std::move(inner));
  }

  std::string comparison_operator() {
    for (const std::string_view op : {"==", "!=", "<=", ">=", "<", ">"}) {
      if (cursor_.take_operator(op)) return std::string(op);
    }
    if (cursor_.take_name("in")) return "in";
    if (!cursor_.at_name("not") || !cursor_.at(TokenKind::kName, "in", 1)) return "";
    cursor_.next();
    cursor_.next();
    return "not in";
  }

  Expr comparison() {
    const size_t at = line();
    std::vector<Expr> args;
    args.push_back(sum());
    std::vector<std::string> operators;
    for (std::string op = comparison_operator(); !op.empty(); op = comparison_operator()) {
      operators.push_back(op);
      args.push_back(sum());
    }
    if (operators.empty()) return std::move(args.front());
    Expr expr = make(ExprKind::kCompare, at, "", std::move(args));
    expr.operators = std::move(operators);
    return expr;
  }

  Expr sum() {
    return chain({"+", "-"}, [this] { return joined(); });
  }
  Expr joined() {
    return chain({"~"}, [this] { return product(); });
  }
  Expr product() {
    return chain({"*", "//", "/", "%"}, [this] { return power(); });
  }
  Expr power() {
    return chain({"**"}, [this] { return unary(true); });
  }

  Expr unary(bool filters) {
    const size_t at = line();
    Expr expr;
    if (cursor_.at_operator("-") || cursor_.at_operator("+")) {
      const std::string op = cursor_.next().text;
      if (++depth_ > kDeepest) refuse(at, "has an expression that is nested too deep");
      expr = make_of(ExprKind::kUnary, at, op, unary(false));
      --depth_;
    } else {
      expr = primary();
    }
    expr = members(std::move(expr));
    return filters ? filtered(std::move(expr)) : std::move(expr);
  }

  Expr primary() {
    const Token& token = cursor_.peek();
    const size_t at = token.line;
    switch (token.kind) {
      case TokenKind::kName: return name();
      case TokenKind::kInteger:
      case TokenKind::kFloat: return number();
      case TokenKind::kString: {
        std::string text;
        while (cursor_.peek().kind == TokenKind::kString) text += cursor_.next().text;
        return constant(at, Value::text(text));
      }
      default: break;
    }
    if (cursor_.take_operator("(")) {
      Expr expr = cursor_.at_operator(")") ? make(ExprKind::kList, at) : tuple(true);
      cursor_.expect_operator(")");
      return expr;
    }
    if (cursor_.at_operator("[")) return list();
    if (cursor_.at_operator("{")) return dict();
    cursor_.unexpected("an expression");
  }

  Expr name() {
    const size_t at = line();
    const std::string text = cursor_.expect_name();
    if (text == "true" || text == "True") return constant(at, Value::Kinds(true));
    if (text == "false" || text == "False") return constant(at, Value::Kinds(false));
    if (text == "none" || text == "None") return none(at);
    return make(ExprKind::kName, at, text);
  }

  Expr number() {
    const Token& token = cursor_.next();
    const char *begin = token.text.data(), *end = begin + token.text.size();
    int64_t integer = 0;
    double real = 0;
    const bool whole = token.kind == TokenKind::kInteger;
    const auto read = whole ? std::from_chars(begin, end, integer)
                            : std::from_chars(begin, end, real);
    if (read.ec != std::errc() || read.ptr != end) {
      refuse(token.line,
             fmt::format("has the number {}, which is too large", printable_start(token.text)));
    }
    return constant(token.line, whole ? Value::Kinds(integer) : Value::Kinds(real));
  }

  Expr list() {
    const size_t at = line();
    cursor_.expect_operator("[");
    std::vector<Expr> items;
    while (!cursor_.at_operator("]")) {
      items.push_back(choice(true));
      if (!cursor_.take_operator(",")) break;
    }
    cursor_.expect_operator("]");
    return make(ExprKind::kList, at, "", std::move(items));
  }

  Expr dict() {
    const size_t at = line();
    cursor_.expect_operator("{");
    std::vector<Expr> items;
    while (!cursor_.at_operator("}")) {
      items.push_back(choice(true));
      cursor_.expect_operator(":");
      items.push_back(choice(true));
      if (!cursor_.take_operator(",")) break;
    }
    cursor_.expect_operator("}");
    return make(ExprKind::kDict, at, "", std::move(items));
  }

  /// What follows an expression without a space of its own: .name, [item], (arguments).
  Expr members(Expr expr) {
    while (true) {
      const size_t at = line();
      if (cursor_.take_operator(".")) {
        if (cursor_.peek().kind == TokenKind::kInteger) {
          expr = make_of(ExprKind::kItem, at, "", std::move(expr), number());
          continue;
        }
        expr = make_of(ExprKind::kAttribute, at, cursor_.expect_name(), std::move(expr));
      } else if (cursor_.at_operator("[")) {
        expr = subscript(std::move(expr));
      } else if (cursor_.at_operator("(")) {
        expr = call(std::move(expr));
      } else {
        return expr;
      }
    }
  }

  Expr subscript(Expr object) {
    const size_t at = line();
    cursor_.expect_operator("[");
    if (cursor_.at_operator("]")) cursor_.unexpected("an expression");
    std::vector<Expr> places;
    bool slice = false;
    while (true) {
      if (cursor_.at_operator(":") || cursor_.at_operator("]")) places.push_back(none(at));
      else places.push_back(choice(true));
      if (!cursor_.take_operator(":")) break;
      slice = true;
    }
    cursor_.expect_operator("]");
    if (!slice) {
      return make_of(ExprKind::kItem, at, "", std::move(object), std::move(places.front()));
    }
    if (places.size() > 3) refuse(at, "has a slice of more than three parts");
    while (places.size() < 3) places.push_back(none(at));
    return make_of(ExprKind::kSlice, at, "", std::move(object), std::move(places[0]),
                   std::move(places[1]), std::move(places[2]));
  }

  Expr call(Expr callee) {
    const size_t at = line();
    const bool method = callee.kind == ExprKind::kAttribute;
    if (!method && callee.kind != ExprKind::kName) {
      refuse(at, "calls what is neither a function's name nor a method");
    }
    check_known(method ? "method" : "function", callee.name,
                method ? is_method(callee.name) : is_function(callee.name), at);
    Expr expr = make(method ? ExprKind::kMethod : ExprKind::kCall, at, callee.name,
                     std::move(callee.args));
    arguments(expr);
    return expr;
  }

  /// Adds the arguments in brackets that stand here.
  void arguments(Expr& expr) {
    cursor_.expect_operator("(");
    while (!cursor_.at_operator(")")) {
      if (cursor_.at_operator("*") || cursor_.at_operator("**")) {
        refuse(line(), "spreads a list over arguments by '*', which is not known");
      }
      if (cursor_.peek().kind == TokenKind::kName && cursor_.at(TokenKind::kOperator, "=", 1)) {
        std::string name = cursor_.expect_name();
        cursor_.expect_operator("=");
        expr.named.push_back({std::move(name), choice(true)});
      } else {
        expr.args.push_back(choice(true));
      }
      if (!cursor_.take_operator(",")) break;
    }
    cursor_.expect_operator(")");
    for (const Expr& arg : expr.args) expr.depth = std::max(expr.depth, arg.depth + 1);
    for (const auto& [name, arg] : expr.named) expr.depth = std::max(expr.depth, arg.depth + 1);
    if (expr.depth > kDeepest) refuse(expr.line, "has an expression that is nested too deep");
  }

  Expr filtered(Expr expr) {
    while (true) {
      const size_t at = line();
      if (cursor_.take_operator("|")) {
        const std::string name = cursor_.expect_name();
        check_known("filter", name, is_filter(name), at);
        expr = make_of(ExprKind::kFilter, at, name, std::move(expr));
        if (cursor_.at_operator("(")) arguments(expr);
      } else if (cursor_.take_name("is")) {
        expr = test(std::move(expr), at);
      } else {
        return expr;
      }
    }
  }

  Expr test(Expr subject, size_t at) {
    const bool negated = cursor_.take_name("not");
    const std::string name = cursor_.peek().kind == TokenKind::kOperator ? cursor_.next().text
                                                                         : cursor_.expect_name();
    check_known("test", name, is_test(name), at);
    Expr expr = make_of(ExprKind::kTest, at, name, std::move(subject));
    if (cursor_.at_operator("(")) {
      arguments(expr);
    } else if (begins_argument()) {
      expr = make_of(ExprKind::kTest, at, name, std::move(expr.args.front()), members(primary()));
    }
    return negated ? make_of(ExprKind::kUnary, at, "not", std::move(expr)) : std::move(expr);
  }

  /// Whether a test's single argument stands here, without brackets.
  bool begins_argument() const {
    const TokenKind kind = cursor_.peek().kind;
    if (kind == TokenKind::kName) {
      for (const std::string_view word : {"else", "or", "and", "if", "is", "in", "not"}) {
        if (cursor_.at_name(word)) return false;
      }
      return true;
    }
    return kind == TokenKind::kString || kind == TokenKind::kInteger || kind == TokenKind::kFloat ||
           cursor_.at_operator("[") || cursor_.at_operator("{");
  }

  Cursor& cursor_;
  int depth_ = 0;
};

}  // namespace

Expr parse_expression(Cursor& cursor, bool choices) { return Parser(cursor).choice(choices); }
Expr parse_tuple(Cursor& cursor, bool choices) { return Parser(cursor).tuple(choices); }

}  // namespace relatum::text::jinja
