using Momentum;

// One program for all stages; which one is asked for stands in ASSAY_STAGE. It reads the file that ASSAY_STAGE_INPUT names and writes into ASSAY_STAGE_OUTPUT.
try
{
    var stage = Stage.Open();
    switch (stage.Name)
    {
        case "intent":
            Agents.Intent(stage);
            break;
        case "strategy_spec":
            Agents.StrategySpec(stage);
            break;
        case "compile":
            Compiler.Compile(stage);
            break;
        case "trace_preview":
            Backtest.Preview(stage);
            break;
        case "run":
            Backtest.Run(stage);
            break;
        case "holdout":
            Gates.JudgeHoldouts(stage);
            break;
        case "gates":
            Gates.Evaluate(stage);
            break;
        case "registry":
            Reports.Card(stage);
            break;
        case "report":
            Reports.Report(stage);
            break;
        case "improvements":
            Agents.Improvements(stage);
            break;
        default:
            throw new InputException($"unknown stage {stage.Name}");
    }

    return 0;
}
catch (InputException e)
{
    Console.Error.WriteLine($"momentum: {e.Message}");
    return 2;
}
