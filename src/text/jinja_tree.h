// A parsed chat template: statements that hold expressions.
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "text/jinja_value.h"

namespace relatum::text::jinja {

enum class ExprKind {
  kConstant,   ///< value
  kName,       ///< name
  kList,       ///< args
  kDict,       ///< args: key, value, key, value …
  kAttribute,  ///< args[0].name
  kItem,       ///< args[0][args[1]]
  kSlice,      ///< args[0][args[1] : args[2] : args[3]], none where left out
  kCall,       ///< the function name(args, named)
  kMethod,     ///< args[0].name(the other args, named)
  kFilter,     ///< args[0] | name(the other args, named)
  kTest,       ///< args[0] is name(the other args)
  kUnary,      ///< name: "not", "-", "+"
  kBinary,     ///< name: an operator, "and", "or", "~"
  kCompare,    ///< args[0] operators[0] args[1] operators[1] args[2] …
  kChoice      ///< args[0] if args[1] else args[2], which may be left out
};

struct NamedExpr;

struct Expr {
  ExprKind kind = ExprKind::kConstant;
  size_t line = 0;
  std::string name;
  Value value;
  std::vector<Expr> args;
  std::vector<NamedExpr> named;
  std::vector<std::string> operators;
  int depth = 1;  ///< expressions within expressions
};

struct NamedExpr {
  std::string name;
  Expr value;
};

enum class StatementKind {
  kText,   ///< text
  kPrint,  ///< exprs[0]
  kIf,     ///< exprs are the conditions of bodies; one body more is the else
  kFor,    ///< targets in exprs[0], if exprs[1]; bodies: loop, else
  kSet,    ///< targets = exprs[0], or the text of bodies[0]
  kBlock,  ///< a body with variables of its own: targets[i] = exprs[i]
  kBreak,
  kContinue
};

struct Statement {
  StatementKind kind = StatementKind::kText;
  size_t line = 0;
  std::string text;
  std::vector<std::string> targets;
  std::string member;  ///< kSet: of the namespace targets[0]
  std::vector<Expr> exprs;
  std::vector<std::vector<Statement>> bodies;
};

using Body = std::vector<Statement>;

}  // namespace relatum::text::jinja
